"""Statements: reported figures, later rows and what moved are the figures now, whatever was recomputed; and what pages say of it."""
import random

import pytest

from support import day_start, event, iso, post
from test_statements import APRIL, PATH, ZONE, api, by_channel, many, sums  # noqa: F401 (api is a fixture)


@pytest.mark.parametrize("way", ["recut", "rebuild"])
@pytest.mark.parametrize("seed", range(4))
def test_after_new_day_boundaries_the_parts_still_add_up(api, seed, way):
    """Reported, later rows and what moved make the figures now, at both ends of the month and whichever way the clocks went."""
    noise = random.Random(seed)
    edges = [day_start(ZONE, "2026-04-01"), day_start(ZONE, "2026-05-01")]

    def some(n):
        return [event(iso(noise.choice(edges) + noise.randrange(-30, 30) * 3_600_000), channel=noise.choice(["SMS", "CALL"]),
                      messages=noise.randint(1, 3), parts=noise.randint(3, 6), cost=f"0.{noise.randint(1, 999):03}") for _ in range(n)]

    post(api.daybook, *some(30))
    api.keep()
    for zone in noise.sample(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Europe/Berlin", ZONE], 3):
        api.daybook.cmd("org", "set", "acme", "--timezone", zone, *(["--recut-history"] if way == "recut" else []))
        if way == "rebuild":
            api.daybook.cmd("rebuild", "--days")
        moved = api.read()["later"]["moved"]
        new = some(20)
        post(api.daybook, *new, {"id": f"v{zone}", "voids": new[0]["id"], "reason": "test"}, {"id": f"s{zone}", "settles": new[1]["id"], "cost": "2"})
        data = api.read()
        assert data["later"]["moved"] == moved, "rows that are posted move nothing"
        assert data["later"]["next"] is None and data["later"]["rows"] == len(data["later"]["listed"])
        found = {}
        for part in data["channels"] + data["later"]["channels"] + data["later"]["moved"]:
            was = found.get(part["channel"], (0, 0, 0))
            found[part["channel"]] = tuple(round(a + b, 6) for a, b in zip(was, sums(part)))
        assert by_channel(data["now"]["channels"]) == {c: v for c, v in found.items() if v != (0, 0, 0)}
    api.verify()


def test_pages_to_print_lead_to_the_next_and_do_not_say_too_much(api):
    many(api, "2026-04-10")
    api.keep()
    api.spend(event("2026-04-10T09:00:00Z", id="late"))
    page = api.ask("statements", "GET", PATH + "/2026-04", {"format": "html"})
    cursor = page.headers["x-next-cursor"]
    assert f'<a href="?format=html&amp;after={cursor}">' in page.body.decode() and "those of all pages" in page.body.decode()
    page = api.ask("statements", "GET", PATH + "/2026-04", {"format": "html", "after": cursor})
    body = page.body.decode()
    assert "x-next-cursor" not in page.headers and "after=" not in body and "those of all pages" in body
    assert "written later: 0" in body and "Nothing: the figures" not in body and "make the figures now" not in body


def test_the_page_to_print_says_what_made_the_figures_now(api):
    def page():
        return api.ask("statements", "GET", PATH + "/2026-04", {"format": "html"}).body.decode()

    api.spend(*APRIL)
    api.keep()
    assert "Nothing: the figures" in page() and "make the figures now" not in page()
    api.spend(event("2026-04-20T12:00:00Z", id="late"))
    assert "With what was reported they make the figures now." in page()
    api.daybook.cmd("org", "set", "acme", "--timezone", "Europe/Berlin", "--recut-history")
    api.spend(event("2026-04-30T23:00:00Z", id="may"))
    assert "With what was reported and the differences below they make the figures now." in page()
    assert "1 more would have been in this month as it was reported" in page()
