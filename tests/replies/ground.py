"""Makes the database that all parts start with: the demo, and organizations with other limits, zones and units."""
from database import add_database
from world import EVERYTHING, SECRET, START, iso, jwt

ORGANIZATIONS = (
    ("parts", "Etc/UTC", "--daily-limit", "100", "--quota-unit", "part", "--cycle-day", "31"),
    ("nothing", "America/St_Johns", "--daily-limit", "0"),
    ("small", "Australia/Lord_Howe", "--daily-limit", "2", "--week-start", "sunday"),
    ("capped", "Pacific/Kiritimati", "--sms-cap", "5", "--cost-cap", "1.5", "--messages-cap", "10", "--call-cap", "2"),
    ("over", "Pacific/Pago_Pago", "--sms-cap", "1", "--allow-overage", "yes", "--daily-limit", "50"),
)


def make_tokens(world):
    world.token("acme")
    world.token("globex", "globex")
    for org, *_ in ORGANIZATIONS:
        world.token(org, org)
    world.token("read", scope="usage:read")
    world.token("write", scope="usage:write")
    world.token("campaigns", scope="campaigns:write")
    world.token("admin only", scope="org:admin")
    world.token("backfill", scope=EVERYTHING + " usage:backfill")
    world.token("no scope", scope="")
    world.token("admin", scope="admin")
    world.token("admin of nobody", None, "admin")
    world.token("admin of a ghost", "ghost", "admin")
    world.token("reader of a ghost", "ghost", "usage:read")
    world.token("expired", exp=START - 3600)
    world.tokens["damaged"] = world.tokens["acme"][:-4] + "AAAA"


def make_base(world):
    world.use("base.db")
    world.cmd("demo")
    world.masks.keep(row[0] for row in world.sql("SELECT id FROM event"))
    add_database(world, "the demo")
    for org, zone, *options in ORGANIZATIONS:
        world.cmd("org", "add", org, "--timezone", zone, *options)
    world.cmd("key", "add", "--kid", "replies", "--file", "-", stdin=SECRET + "\n")
    make_tokens(world)
    for name, scope in (("api key", EVERYTHING), ("api key read", "usage:read"), ("api key revoked", "usage:read")):
        _, out = world.cmd("apikey", "add", "--org", "acme", "--scope", scope, "--name", name)
        world.tokens[name] = out.strip()
    world.cmd("apikey", "revoke", "3")
    for org in ("parts", "small", "capped", "over", "nothing"):
        day = [{"id": f"{org}-{i}", "occurredAt": iso(START - 3600 * i), "channel": channel, "parts": 2}
               for i, channel in enumerate(("SMS", "CALL", "EMAIL", "WHATSAPP"))]
        world.ask("the first traffic", "POST", "/api/events", body=day, token=org)
    # Moves everything from the write-ahead log into the file, which is then copied.
    world.sql("PRAGMA wal_checkpoint(TRUNCATE)")


# Tokens that are refused, each for another reason, and some that are accepted.
CLAIMS = {"exp": START + 3600, "organizationId": "acme", "scope": "usage:read"}
HEAD = {"alg": "HS256", "typ": "JWT", "kid": "replies"}


def odd_tokens():
    def claims(**more):
        return jwt({k: v for k, v in {**CLAIMS, **more}.items() if v is not None})

    def head(**more):
        return jwt(CLAIMS, {k: v for k, v in {**HEAD, **more}.items() if v is not None})

    good = claims()
    yield from {
        "a good one": good, "exp of now": claims(exp=START), "exp a second ahead": claims(exp=START + 1),
        "no exp": claims(exp=None),
        "exp as text": claims(exp="1999999999"), "exp a fraction": claims(exp=START + 10.5), "exp far": claims(exp=10**15),
        "exp negative": claims(exp=-1), "nbf ahead": claims(nbf=START + 120), "nbf past": claims(nbf=START - 120),
        "iat ahead": claims(iat=START + 3600), "iat as text": claims(iat="x"), "no organization": claims(organizationId=None),
        "an organization that is none": claims(organizationId="a b"), "an organization as number": claims(organizationId=7),
        "organization null": jwt({**CLAIMS, "organizationId": None}), "scope as list": claims(scope=["usage:read"]),
        "an unknown scope": claims(scope="usage:read dance"), "scope null": jwt({**CLAIMS, "scope": None}),
        "no scope": claims(scope=None),
        "an issuer": claims(iss="x"), "an audience": claims(aud="x"), "alg none": head(alg="none"),
        "alg HS512": head(alg="HS512"),
        "another kid": head(kid="demo"), "an unknown kid": head(kid="nobody"), "no kid": head(kid=None),
        "crit": head(crit=["x"]),
        "another typ": head(typ="JWS"), "no typ": head(typ=None), "claims that are no object": jwt([1]),
        "claims that are no JSON": jwt(b"{"), "claims with a name twice": jwt(b'{"exp":1999999999,"exp":1}'),
        "another secret": jwt(CLAIMS, secret="x" * 48), "two parts": good.rsplit(".", 1)[0], "four parts": good + ".x",
        "no signature": good.rsplit(".", 1)[0] + ".", "padding": good + "=", "a blank behind": good + " ", "short": "a.b.c",
        "long": "a" * 5000, "empty": "", "no key at all": "dbk_", "an unknown key": "dbk_" + "A" * 43,
        "a key that is short": "dbk_A",
    }.items()


def add_credentials(world):
    """Each odd credential, to one operation of each dialect and to the session, which needs no scope."""
    for path, query in (("/api/campaigns/next-available-slot", ""), ("/organization/usage", ""),
                        ("/organizations/acme/usage", "startDate=0&endDate=1"), ("/api/session", "")):
        for name, token in odd_tokens():
            world.ask(f"with a token: {name}", "GET", path, query, token=token)
        world.ask("with a key that is revoked", "GET", path, query, token="api key revoked")
        good, key = world.tokens["read"], world.tokens["api key read"]
        for name, headers in (
                ("Basic", {"Authorization": "Basic eDp5"}), ("bearer", {"Authorization": "bearer " + good}),
                ("two blanks", {"Authorization": "Bearer  " + good}), ("no scheme", {"Authorization": good}),
                ("an empty one", {"Authorization": ""}), ("both, the first is bad",
                                                          {"Authorization": "Bearer x", "X-API-Key": key}),
                ("both, the second is bad", {"Authorization": "Bearer " + good, "X-API-Key": "x"}),
                ("a token as API key", {"X-API-Key": good}), ("an API key", {"X-API-Key": key}),
                ("no API key", {"X-API-Key": "x"})):
            world.ask(f"with the header: {name}", "GET", path, query, token=None, headers=headers)
