"""httpd-conf/routes against the route tables of cgi-bin/, and every generated file against httpd-conf/routes."""
import re
import shutil
import subprocess

import pytest

from servers import BUILD, ROOT
from support import program_sources

PROGRAMS = list(program_sources())
# The vendor has a second name for one path; the program's route is the tail of both.
SECOND_NAMES = [("organization-usage", "GET", "/account/organization/usage")]
# A program that answers what is led to another one, for a server that is configured as before the other.
ALSO = {("events", "GET", "/api/events")}


def table():
    """[(program, processes, regex, GET)] of the programs that there are, in the table's order; the last is "" for all methods."""
    rows = [(*line.split(), "")[:4] for line in (ROOT / "httpd-conf/routes").read_text().splitlines()
            if line.strip() and not line.startswith("#")]
    return [row for row in rows if row[0] in PROGRAMS]


def first(path, method="POST"):
    """The program whose line matches first; None where none does."""
    return next((program for program, _, regex, only in table()
                 if re.fullmatch(regex, path) and (not only or method in ("GET", "HEAD"))), None)


def source_routes():
    """(program, method, path) for every route that a program declares."""
    return sorted({(program, method, path) for program, source in program_sources().items()
                   for method, path in re.findall(r'\{ (GET|POST|PUT|DELETE), "(/[^"]*)"', source.read_text())} | set(SECOND_NAMES))


def test_every_program_has_one_line():
    assert sorted(row[0] for row in table()) == PROGRAMS
    assert len(source_routes()) > len(PROGRAMS)
    assert ALSO < set(source_routes())


@pytest.mark.parametrize("program, method, path", sorted(set(source_routes()) - ALSO))
def test_a_route_is_matched_by_its_programs_line_first(program, method, path):
    for name in ("acme", "a-b_c.d", "%41", "x y", "usage"):
        assert first(re.sub(r"\{\w+\}", name, path), method) == program


def candidates():
    """Paths near the routes: a name more, a name less, a name doubled, another last name, other letters."""
    out = {"", "/"}
    for _, _, path in source_routes():
        names = re.sub(r"\{\w+\}", "acme", path).split("/")[1:]
        for n in range(len(names) + 1):
            out.add("/" + "/".join(names[:n]))
            out.add("/" + "/".join(names[:n] + ["x"] + names[n:]))
            out.add("/" + "/".join(names[:n] + [""] + names[n:]))
        for last in ("usage", "history", "timezone", "plan", "limits", "cancel", "pause", "resume", "results", "x", ".fcgi"):
            out.add("/" + "/".join(names + [last]))
            out.add("/" + "/".join(names[:-1] + [last]))
        out.update((path.upper(), "/x" + path, path + "/", path[1:], "/" + path, path + ".fcgi"))
    return sorted(out)


def test_the_table_matches_nothing_that_no_program_declares():
    declared = [(program, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for program, _, path in source_routes()]
    assert len(candidates()) > 200
    for path in candidates():
        programs = {program for program, regex in declared if regex.fullmatch(path)}
        found = first(path)
        assert found in programs if programs else found is None, path


# How a generated file leads a path to a program.
PATTERNS = {
    "lighttpd.conf": r'"\^" \+ var\.daybook_prefix \+ "(\S+)\$" \{\n\t\tfastcgi\.server = \( "/" => \( "([^"]+)"',
    "lighttpd-sockets.conf": r'"\^" \+ var\.daybook_prefix \+ "(\S+)\$" \{\n\t\tfastcgi\.server = \( "/" => \( "([^"]+)"',
    "lighttpd-cgi.conf": r'"\^" \+ var\.daybook_prefix \+ "(\S+)\$" \{\n\t\turl\.rewrite-once .*\n.*/\.cgi/(\S+)\.fcgi',
    "apache-fcgid.conf": r'ScriptAliasMatch "\^\$\{DAYBOOK_URL\}(\S+)\$" "\$\{DAYBOOK_PROGRAMS\}/(\S+)\.fcgi"',
    "apache-cgi.conf": r'ScriptAliasMatch "\^\$\{DAYBOOK_URL\}(\S+)\$" "\$\{DAYBOOK_PROGRAMS\}/(\S+)\.fcgi"',
    "apache-proxy-fcgi.conf": r'ProxyPassMatch "\^\$\{DAYBOOK_URL\}(\S+)\$" "unix:\$\{DAYBOOK_SOCKETS\}/(\S+)\.sock\|fcgi:',
    "htaccess": r"RewriteRule \^(\S+)\$ cgi-bin/(\S+)\.fcgi/\$0 \[B=%\?#,END\]",
    "nginx.conf": r"location ~ \^/daybook\.internal(\S+)\$ \{ fastcgi_pass unix:\$daybook_sockets/([^\s$]+)\.sock; \}"}


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "httpd-conf").glob("*.in")))
def test_a_generated_file_has_the_table_whole_and_in_its_order(name):
    found = re.findall(PATTERNS[name], (BUILD / "httpd-conf" / name).read_text())
    # The lines of GET stand apart and have another form, except in .htaccess; test_same.py sees who answers.
    of_get = {r: p for p, _, r, only in table() if only}
    wanted = [(r, p) for r, p in of_get.items() if name == "htaccess"]
    # Under mod_proxy_fcgi the other methods of their paths stand there, too.
    wanted += [(r, p) for p, _, r, only in table() if not only and not (r in of_get and name == "apache-proxy-fcgi.conf")]
    assert [("/" + regex.removeprefix("/"), program) for regex, program in found] == wanted


def generate(folder, *programs):
    return subprocess.run([str(folder / "generate"), str(folder / "nginx.conf.in"), *programs], capture_output=True, text=True)


def test_a_line_without_its_program_is_left_out_and_a_program_without_a_line_is_an_error(tmp_path):
    folder = tmp_path / "httpd-conf"
    shutil.copytree(ROOT / "httpd-conf", folder)
    whole = generate(folder, "events", "health")
    assert whole.returncode == 0 and "health.sock" in whole.stdout and "campaigns.sock" not in whole.stdout
    nobody = generate(folder, "events", "nobody")
    assert nobody.returncode != 0 and "no line for nobody" in nobody.stderr


@pytest.mark.parametrize("line, what", [
    ("health 1 /again", "one line: health"), ("x 1", "not PROGRAM"), ("x many /x", "not PROGRAM"), ("x 0 /x", "not PROGRAM"),
    ("x 1 x", "not PROGRAM"), ("x 1 /x more", "not PROGRAM"), ("x 1 /x GET more", "not PROGRAM"),
    ("x 1 /x GET", "no line with all methods of /x"), ("x 1 /x\\.y", "not PROGRAM"), ('x 1 /x"', "not PROGRAM")])
def test_a_bad_line_of_the_table_is_named(tmp_path, line, what):
    folder = tmp_path / "httpd-conf"
    shutil.copytree(ROOT / "httpd-conf", folder)
    with open(folder / "routes", "a") as routes:
        routes.write(line + "\n")
    done = generate(folder, "health", "x")
    assert done.returncode != 0 and what in done.stderr
