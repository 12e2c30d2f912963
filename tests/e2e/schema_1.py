"""Files of schema version 1, for the tests of the upgrade; tests/faults and tests/replies make theirs with this too."""
import pathlib
import sqlite3

SCHEMA = pathlib.Path(__file__).with_name("schema-1.sql")


def to_version_1(path):
    """The same data in a file of the old schema, in the place of this one."""
    old = path.with_suffix(".old")
    c = sqlite3.connect(old, isolation_level=None)
    c.executescript(SCHEMA.read_text())
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("PRAGMA foreign_keys = OFF")
    c.execute("ATTACH ? AS new", (str(path),))
    for (table,) in c.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        names = ", ".join(r[1] for r in c.execute(f"PRAGMA main.table_info({table})"))
        c.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")
    c.execute("DETACH new")
    c.close()
    for suffix in ("-wal", "-shm", "-gate"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    old.rename(path)
    path.chmod(0o600)
