"""/setup: the form, what is typed into it and what is wrong with that."""
import pytest

from conftest import cgi_variables
from hosting_site import CODE, WISH, site  # noqa: F401 (site is a fixture)
from openapi_document import check_reply

def test_all_that_is_wrong_is_said_at_once(site):
    reply = site.post(organizationId="a b", timezone="Mars/Olympus", dailyLimit="many", priceSms="dear")
    assert reply.status == 400
    for field, words in (("organizationId", "letters, digits"), ("timezone", "no zone"), ("dailyLimit", "whole number"),
                         ("priceSms", "an amount with at most nine decimals")):
        assert words in reply.page.error_of(field), field
    assert not site.database.exists()


def test_the_form_can_be_used_on_a_phone_by_anybody_without_scripts_and_under_any_path(site):
    page = site.ask().page
    assert set(page.inputs) == set(WISH) | {"name", "dailyLimit", "plan", "currency", "priceSms", "priceCall"}
    for name, attrs in page.inputs.items():
        assert page.labels[attrs["id"]].strip() and attrs["id"] == name
        assert all(reference in page.ids for reference in attrs.get("aria-describedby", "").split())
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.elements
    assert page.inputs["dailyLimit"]["inputmode"] == "numeric" and page.inputs["priceSms"]["inputmode"] == "decimal"
    assert page.elements[0] == ("html", {"lang": "en"})
    for tag, attrs in page.elements:
        assert tag not in ("script", "style", "iframe") and not any(n == "style" or n.startswith("on") for n in attrs)
        assert "action" not in attrs, "it goes to where the page came from"
    assert page.links == ["setup.css"]


def test_the_zones_of_the_host_are_offered(site):
    options = site.ask().page.options
    assert {"America/Toronto", "Asia/Kathmandu", "UTC"} <= set(options) and options == sorted(set(options))
    assert not any(o.startswith("Etc/") for o in options)


def test_a_page_without_tls_says_so(site):
    assert "not encrypted" in site.ask().page.text
    assert "not encrypted" not in site.ask(HTTPS="on").page.text
    assert "not encrypted" not in site.ask(REQUEST_SCHEME="https").page.text


BAD = [("organizationId", "", "letters"), ("organizationId", "a b", "letters"), ("organizationId", "a/b", "letters"),
       ("organizationId", "..", "reserved"), ("organizationId", "x" * 65, "letters"), ("name", "n" * 201, "longer"),
       ("timezone", "", "required"), ("timezone", "Mars/Olympus", "no zone"), ("timezone", "../../etc/passwd", "no zone"),
       ("timezone", "posix/UTC", "no zone"), ("timezone", "paris", "did you mean Europe/Paris?"), ("dailyLimit", "-1", "whole number"), ("dailyLimit", "1.5", "whole number"),
       ("dailyLimit", "1000000000001", "whole number"), ("dailyLimit", "many", "whole number"),
       ("dailyLimit", "9" * 30, "whole number"), ("plan", "p" * 65, "longer"), ("currency", "eur", "ISO 4217"), ("currency", "EURO", "ISO 4217"), ("priceSms", "-1", "an amount"),
       ("priceSms", "0.00790000001", "an amount"), ("priceCall", "1,5", "an amount"), ("priceCall", "1001", "an amount")]


@pytest.mark.parametrize("field, value, wrong", BAD)
def test_a_wrong_value_is_told_beside_its_field_and_everything_typed_is_kept(site, field, value, wrong):
    typed = {"name": "Acme", "dailyLimit": "7", "plan": "p", field: value}
    reply = site.post(**typed)
    assert reply.status == 400
    page = reply.page
    assert wrong in page.error_of(field), page.text
    assert page.inputs[field]["aria-invalid"] == "true" and field + "-error" in page.inputs[field]["aria-describedby"]
    assert [n for n in page.inputs if page.error_of(n)] == [field]
    assert {n: page.inputs[n]["value"] for n in {**WISH, **typed}} == {**WISH, **typed}
    assert site.code_file.exists() and not site.database.exists()


def test_the_same_in_json_names_the_field(site):
    for field, value, wrong in BAD:
        if field == "dailyLimit":
            continue
        reply = site.post(as_json=True, **{field: value})
        assert reply.status == 400 and reply.json["error"].startswith(field + ": " if field != "x" else ""), reply
    for value in (-1, 1.5, "500", 1000000000001):
        assert site.post(as_json=True, dailyLimit=value).json["error"].startswith("dailyLimit: ")
    assert "colour" in site.post(as_json=True, colour="blue").json["error"]
    assert not site.database.exists()


NASTY = "\"><script>alert(1)</script><input name='&{{key}}{{*zones}}"


def test_what_is_typed_never_becomes_a_part_of_the_page(site):
    for field in ("organizationId", "name", "timezone", "dailyLimit", "plan", "priceSms", "priceCall"):
        page = site.post(**{"organizationId": "a b", field: NASTY}).page
        assert page.inputs[field]["value"] == NASTY
        assert not any(tag == "script" for tag, _ in page.elements) and len(page.inputs) == 9
    page = site.post(code=NASTY).page
    assert not any(tag == "script" for tag, _ in page.elements) and len(page.inputs) == 9
    site.forget_attempts()
    done = site.ask("POST", {**WISH, "name": NASTY}, HTTP_HOST="x'; rm -rf ~ #<script>", REQUEST_URI="/a'b/setup")
    assert done.status == 201 and not any(tag == "script" for tag, _ in done.page.elements)
    assert "rm -rf" not in done.page.text and "'https://your.host/daybook/api/" in done.page.text


def test_the_first_call_is_shown_as_it_would_be_made(site):
    done = site.ask("POST", WISH, HTTP_HOST="example.org:8443", REQUEST_URI="/~me/daybook/setup?x=1", HTTPS="on")
    assert "'https://example.org:8443/~me/daybook/api/campaigns/next-available-slot'" in done.page.text


@pytest.mark.parametrize("body", [b"code=" + CODE.encode() + b"&code=x", b"code=%ff", b"code=%zz", b"code=a\0b"])
def test_a_broken_form_is_refused(site, body):
    variables, _ = site.variables("POST", {}, False, {"CONTENT_LENGTH": str(len(body))})
    reply = site.process.request(variables, body) if site.process else site.run("setup", variables, body)
    check_reply(("POST", "/setup"), reply)
    assert reply.status == 400 and not site.database.exists()


def test_other_bodies_methods_and_paths_are_refused(site):
    assert site.ask("POST", {"code": CODE}, CONTENT_TYPE="text/plain").status == 415
    assert site.ask("POST", {"code": "x" * 20000}).status == 413
    assert site.ask(REQUEST_METHOD="PUT").status == 405
    elsewhere = cgi_variables("GET", "/daybook/setup/more", "", None, {})
    assert site.run("setup", elsewhere).status == 404
