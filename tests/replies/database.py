"""Records a database: its schema without comments, and the rows of all tables."""
import hashlib
import json
import re

ROWS_MAX = 5000		# a table with more rows is kept as checksums of blocks
BLOCK = 1000		# rows

# Columns with random values.
RANDOM = {("signing_key", "verify_key"), ("signing_key", "sign_key"), ("api_key", "sha256")}


def without_comments(sql):
    sql = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql or "", flags=re.S)
    return re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").replace(" ,", ",").strip()


def add_schema(world, name):
    ask = world.sql
    schema = {f"{kind} {item}": without_comments(sql)
              for kind, item, sql in ask("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")}
    for key in list(schema):
        kind, item = key.split()
        if kind == "table":
            schema[f"columns of {item}"] = ask(f"PRAGMA table_xinfo('{item}')")
            schema[f"indexes of {item}"] = sorted(row[1:] for row in ask(f"PRAGMA index_list('{item}')"))
            schema[f"references of {item}"] = ask(f"PRAGMA foreign_key_list('{item}')")
        elif kind == "index":
            schema[f"columns of {key}"] = ask(f"PRAGMA index_xinfo('{item}')")
    for pragma in ("application_id", "user_version", "journal_mode", "encoding", "page_size", "auto_vacuum"):
        schema[pragma] = ask(f"PRAGMA {pragma}")[0][0]
    world.add(f"schema of {name}", {"schema": schema})


def shown(table, column, value, secrets):
    if isinstance(value, bytes):
        return "<random>" if (table, column) in RANDOM and value not in secrets else "x'" + value.hex() + "'"
    return value


def without_digest(row, columns):
    """The digest of a row with a random id is random, too."""
    if not any(isinstance(value, str) and "<id " in value for value in row):
        return row
    return ["<digest>" if name == "digest" else value for name, value in zip(columns, row)]


def table_rows(world, table, columns, secrets):
    keys = [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5] > 0] or [c[1] for c in columns]
    names = [c[1] for c in columns]
    for row in world.sql(f"SELECT * FROM {table} ORDER BY {', '.join(keys)}"):
        if table == "setting" and row[0] == "epoch":
            row = ("epoch", "<random>")
        yield [shown(table, column, value, secrets) for column, value in zip(names, row)]


def add_rows(world, name, secrets=()):
    for table, in world.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        columns = world.sql(f"PRAGMA table_xinfo('{table}')")
        rows = list(table_rows(world, table, columns, secrets))
        title = world.name_of(f"rows of {table} of {name}")
        entry = {"table": table, "columns": [c[1] for c in columns], "count": len(rows)}
        if len(rows) <= ROWS_MAX:
            entry["rows"] = [without_digest(row, entry["columns"]) for row in world.masks.within(rows, title)]
            if table == "signing_key":	# its key may be a random name
                entry["rows"].sort(key=json.dumps)
        else:
            entry["sums"] = {c[1]: sum(r[i] for r in rows if isinstance(r[i], int)) for i, c in enumerate(columns)}
            entry["blocks"] = [[rows[i][:3], hashlib.sha256(world.masks(json.dumps(rows[i:i + BLOCK], ensure_ascii=False),
                               title).encode()).hexdigest()] for i in range(0, len(rows), BLOCK)]
        world.add(f"rows of {table} of {name}", entry)


def add_database(world, name, secrets=()):
    add_schema(world, name)
    add_rows(world, name, secrets)
