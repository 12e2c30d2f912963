"""Programs with a bug that a test plants in a copy of their sources, to show that another test finds it."""
import os
import subprocess

from conftest import BUILD, ROOT
from model import IS_SANITIZED


def flags():
    found = subprocess.check_output(["pkg-config", "--cflags", "libcjson", "libjwt"], text=True).split()
    return found + (["-fsanitize=address,undefined"] if IS_SANITIZED else []) + (["--coverage"] if BUILD.name == "cov" else [])


def compiled(folder, changes, optimize="-O1"):
    """{source: object} of copies of sources in which each text is replaced; every text must be there once."""
    objects = {}
    for name, replacements in changes.items():
        text = (ROOT / name).read_text()
        for old, new in replacements:
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, new)
        copy = folder / os.path.basename(name)
        copy.write_text(text)
        objects[name] = copy.with_suffix(".o")
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-fPIE", "-fvisibility=hidden", optimize, f"-I{ROOT / 'src'}",
                        f"-I{(ROOT / name).parent}", *flags(), "-c", "-o", str(objects[name]), str(copy)], check=True)
    return objects


def linked(out, objects, *libraries):
    """A program of these objects; the rest of what they need is the library's."""
    sqlite = [str(BUILD / "sqlite3.o"), "-lpthread", "-ldl"] if (BUILD / "sqlite3.o").exists() else ["-lsqlite3"]
    subprocess.run(["gcc", "-pie", *flags(), "-o", str(out), *map(str, objects), str(BUILD / "libdaybook.a"), *sqlite, "-lcjson",
                    "-ljwt", "-lcrypto", "-lm", *libraries], check=True)
    return out


def program(folder, name, objects):
    """A program of cgi-bin in which these objects, by their sources, take the places of its own and of the library's."""
    own = {f"cgi-bin/{path.relative_to(BUILD / 'cgi-bin').with_suffix('.c')}": path
           for path in [*(BUILD / "cgi-bin" / name).glob("*.o"), *(BUILD / "cgi-bin").glob(f"{name}.o")]}
    assert own, name
    return linked(folder / f"{name}.fcgi", {**own, **objects}.values(), "-lfcgi")
