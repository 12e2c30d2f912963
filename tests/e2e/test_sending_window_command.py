"""The command `daybook org sending-window`."""
import json
import re

import pytest

from api import at
from test_sending_window import ALWAYS, calendar, cmd, holiday, window


def test_the_command_sets_and_shows_it(api, tmp_path):
    assert cmd(api) == "hours   always\nclosed  none\n"
    cmd(api, "--hours", "mon-fri 09:00-17:00, sat 10:00-14:00", "--close", "2026-12-25,2026-07-01", "--name", "Holiday")
    assert cmd(api) == ("hours   mon-fri 09:00-17:00, sat 10:00-14:00\nclosed  2026-07-01  Holiday\n        2026-12-25  Holiday\n")
    assert window(api)["hours"][1] == {"weekdays": [6], "from": "10:00", "until": "14:00"}
    cmd(api, "--open", "2026-07-01")
    (tmp_path / "holidays.ics").write_text(calendar(*holiday("20260703", "Day off")))
    assert "closed 1 date" in cmd(api, "--import", str(tmp_path / "holidays.ics"))
    assert [c["date"] for c in window(api)["closed"]] == ["2026-07-03", "2026-12-25"]
    api.create("c", 1, at("2026-05-25"))
    assert re.search(r"outside: campaign c, segment 1 at 2026-05-25T15:00:00.000Z", cmd(api, "--close", "2026-05-25"))
    assert json.loads(cmd(api, "--json"))["closed"][0] == {"date": "2026-05-25"}
    cmd(api, "--hours", "always")
    assert window(api)["hours"] == [] and len(window(api)["closed"]) == 3
    cmd(api, "--remove")
    assert window(api) == ALWAYS
    api.verify()


@pytest.mark.parametrize("args, code, word", [
    (["--hours", "mon"], 2, "--hours"), (["--close", "2026-13-01"], 2, "--close"), (["--open", "today"], 2, "--open"),
    (["--name", "x"], 2, "--close"), (["--import", "/no/such/file.ics"], 1, "/no/such/file.ics"), (["--remove", "--hours", "always"], 2, "--remove"),
    (["--open", "2026-12-24"], 1, "2026-12-24"), (["--nothing"], 2, "--nothing"), (["x"], 2, "x")], ids=lambda v: str(v))
def test_the_command_refuses(shared, args, code, word):
    assert word in cmd(shared, *args, code=code)
