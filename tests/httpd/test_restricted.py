"""An operator's own restriction of the place, under every Apache: it holds for each path, wherever in the configuration it stands."""
import pytest

from servers import ApacheCgi, ApacheFcgid, ApacheProxyFcgi

PATHS = (("GET", "/"), ("GET", "/api/events"), ("HEAD", "/api/events"), ("POST", "/api/events"), ("GET", "/api/organizations/acme"),
         ("GET", "/health"), ("GET", "/nothing"))


def start(site, kind, allowed, is_last):
    """The shipped file in a virtual host, with a Location of the operator's before or after it."""
    class Restricted(kind):
        MORE = [*kind.MORE, "authz_host"]

        def rest(self):
            lines = super().rest()
            own = ['<Location "/daybook/">', f"Require ip {allowed}", "</Location>"]
            at = len(lines) - 1 if is_last else next(i for i, line in enumerate(lines) if line.startswith("Include"))
            return lines[:at] + own + lines[at:]

    return Restricted(site, "/daybook")


@pytest.mark.parametrize("kind", (ApacheCgi, ApacheFcgid, ApacheProxyFcgi))
@pytest.mark.parametrize("is_last", (False, True), ids=("before", "after"))
def test_a_restriction_of_the_operator_holds_for_every_path(site, kind, is_last):
    for allowed, is_let_in in (("203.0.113.7", False), ("127.0.0.1", True)):
        server = start(site, kind, allowed, is_last)
        try:
            for method, path in PATHS:
                reply = server.ask(method, path, body=b"[]" if method == "POST" else None, token=site.token)
                assert (reply.status == 403) is not is_let_in, (allowed, method, path, reply)
        finally:
            server.stop()
