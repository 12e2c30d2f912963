"""Firefox's own protocol under Selenium: each of Selenium's commands is sent as the Marionette command of the same meaning.

A message is `LENGTH:JSON` over TCP.  A command is [0, number, name, parameters], its answer [1, number, error, result].
"""
import contextlib
import json
import socket

from selenium.webdriver.remote.command import Command

COMMANDS = {
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "Marionette:Quit",
    Command.GET: "WebDriver:Navigate",
    Command.REFRESH: "WebDriver:Refresh",
    Command.GO_BACK: "WebDriver:Back",
    Command.GO_FORWARD: "WebDriver:Forward",
    Command.GET_CURRENT_URL: "WebDriver:GetCurrentURL",
    Command.GET_TITLE: "WebDriver:GetTitle",
    Command.NEW_WINDOW: "WebDriver:NewWindow",
    Command.CLOSE: "WebDriver:CloseWindow",
    Command.SWITCH_TO_WINDOW: "WebDriver:SwitchToWindow",
    Command.W3C_GET_CURRENT_WINDOW_HANDLE: "WebDriver:GetWindowHandle",
    Command.W3C_GET_WINDOW_HANDLES: "WebDriver:GetWindowHandles",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
    Command.FIND_ELEMENT: "WebDriver:FindElement",
    Command.FIND_ELEMENTS: "WebDriver:FindElements",
    Command.FIND_CHILD_ELEMENT: "WebDriver:FindElement",
    Command.FIND_CHILD_ELEMENTS: "WebDriver:FindElements",
    Command.W3C_GET_ACTIVE_ELEMENT: "WebDriver:GetActiveElement",
    Command.CLICK_ELEMENT: "WebDriver:ElementClick",
    Command.CLEAR_ELEMENT: "WebDriver:ElementClear",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.GET_ELEMENT_TEXT: "WebDriver:GetElementText",
    Command.GET_ELEMENT_TAG_NAME: "WebDriver:GetElementTagName",
    Command.GET_ELEMENT_RECT: "WebDriver:GetElementRect",
    Command.IS_ELEMENT_SELECTED: "WebDriver:IsElementSelected",
    Command.IS_ELEMENT_ENABLED: "WebDriver:IsElementEnabled",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "WebDriver:ExecuteAsyncScript",
    Command.SET_TIMEOUTS: "WebDriver:SetTimeouts",
    Command.SCREENSHOT: "WebDriver:TakeScreenshot",
    Command.PRINT_PAGE: "WebDriver:Print",
}
ANSWER_MAX_S = 300  # a page that never ends loading is an error of Firefox's before


class Marionette:
    """What Selenium calls a command executor."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_MAX_S)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        greeting = self._read()
        assert greeting["marionetteProtocol"] == 3, greeting

    def close(self):
        self.stream.close()
        self.socket.close()

    def execute(self, command, params):
        """As Selenium wants it: a `value`, or the `status` and the text of an error."""
        params = {name: value for name, value in (params or {}).items() if name != "sessionId"}
        if command == Command.QUIT:
            params = {"flags": ["eForceQuit"]}
        if command in (Command.FIND_CHILD_ELEMENT, Command.FIND_CHILD_ELEMENTS):
            params["element"] = params.pop("id")
        if command == Command.NEW_WINDOW:
            params["focus"] = True  # timers of a tab in the background are slow
        error, result = self._ask(COMMANDS[command], params)
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result["value"] if isinstance(result, dict) and set(result) == {"value"} else result}

    @contextlib.contextmanager
    def chrome(self):
        """Scripts run in the browser's own window meanwhile."""
        self._ask("Marionette:SetContext", {"value": "chrome"})
        try:
            yield
        finally:
            self._ask("Marionette:SetContext", {"value": "content"})

    def _ask(self, name, params):
        self.number += 1
        message = json.dumps([0, self.number, name, params]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        answer = self._read()
        assert answer[:2] == [1, self.number], answer
        return answer[2:]

    def _read(self):
        digits = b""
        while not digits.endswith(b":"):
            digit = self.stream.read(1)
            if not digit:
                raise ConnectionError("Firefox has ended")
            digits += digit
        return json.loads(self.stream.read(int(digits[:-1])))
