"""What a reply to a request must be in a state of the model (limits_model.py), for histories of many clients (limit_history.py).

A judge is a function of the model: it returns what is wrong, or None.  If something was written, it does the same to the model.
"""
import json

from limits_model import Amount, Limits


def micros(number):
    """The micros of a number of dollars, as it is written."""
    whole, _, rest = str(number).partition(".")
    return int(whole) * 10**6 + int((rest + "000000")[:6])


def figures_of(body):
    return tuple(micros(body[name]) if body["unit"] == "cost" else body[name] for name in ("used", "held", "available", "needed"))


def judge_events(items, results):
    """Each in its turn, as if those before it that were taken had been recorded."""
    def judge(model):
        taken = []
        for i, (_, counted) in enumerate(items):
            refusing, is_long = model.refusing_event(*counted)
            result = results.get(i, {})
            status = result.get("status", "accepted")
            if status in ("accepted", "withheld") and refusing:
                wrong = "taken without room", refusing
            elif status == "rejected" and (result.get("limit") not in refusing or figures_of(result) != refusing[result["limit"]] or
                                           result["code"] != ("over_cap" if is_long else "over_quota")):
                wrong = "refused for nothing", result, refusing
            else:
                wrong = None
            if wrong:
                for undo in reversed(taken):
                    undo()
                return wrong
            if not refusing:
                taken.append(model.recorded(*counted))
        if any(result["status"] == "withheld" for result in results.values()) or all(i in results for i in range(len(items))):
            for undo in reversed(taken):
                undo()
        return None
    return judge


def judge_reservation(id, holds, reply):
    """One after the other, in the order of time; a refusal of one hold must have the right figures too."""
    def judge(model):
        own = [key for key in model.holds if key == id]
        if len(holds) == 1:
            refusing, is_long = model.refusing(holds[0], own)
        else:
            refusing, is_long = model.refusing_all(holds)
        if reply is None:
            if refusing:
                return "taken without room", holds, refusing
            model.drop(id)
            for number, hold in enumerate(holds):
                model.hold(id if len(holds) == 1 else (id, number), hold)
            return None
        body = json.loads(reply.body, parse_float=str)
        if body["limit"] not in refusing or reply.status != (402 if is_long else 409):
            return "refused for nothing", holds, refusing
        if len(holds) == 1 and figures_of(body) != refusing[body["limit"]]:
            return "figures", holds, refusing
        return None
    return judge


def judge_limits(listed):
    """Every figure of every limit is that of one moment."""
    shown = {}
    for limit in listed:
        values = [limit[name] for name in ("amount", "used", "held", "available")]
        shown[limit["name"]] = [micros(v) if v is not None and limit["unit"] == "cost" else v for v in values]

    def judge(model):
        expected = {}
        for rule in model.rules:
            found = model.present(rule)
            expected[rule.name] = [found.amount, found.used, found.held, found.available]
        building = {rule.name for rule in model.rules if rule.is_building}
        return None if list(shown) == list(expected) and all(shown[name] == expected[name] for name in shown if name not in building) \
            else ("limits", {name: (shown.get(name), expected.get(name)) for name in {*shown, *expected} if shown.get(name) != expected.get(name)})
    return judge


class Model(Limits):
    def recorded(self, *counted):
        """Records an event; returns what takes it back."""
        own = self.holds.get(counted[3])
        self.record(*counted)

        def undo():
            at, channel, amount, id, sender, network = counted
            self.record(at, channel, Amount(-amount.messages, -amount.parts, -amount.micros), None, sender, network)
            if own is not None:
                self.hold(id, own)
        return undo

    def refusing_all(self, holds):
        """Of several new holds: each is asked beside those before it."""
        refusing, is_long = {}, False
        for number, hold in enumerate(sorted(holds, key=lambda hold: hold.at)):
            some, is_some_long = self.refusing(hold)
            if some and is_some_long >= is_long:
                refusing = {**(refusing if is_some_long == is_long else {}), **some}
                is_long = is_some_long
            self.hold(("asked", number), hold)
        self.drop("asked")
        return refusing, is_long
