"""What a statement may change is known before it is done, and doing it again does the same."""

import ast
import functools
import re
from pathlib import Path

import pytest

import axiom
from axiom.errors import StoreError
from axiom.store.engine.changes import ChangeKind, kind_of

STORE = Path(axiom.__file__).parent / "store"


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("\n  -- a word; INSERT\n/* UPDATE */ select 1", ChangeKind.NOTHING),
        ("PRAGMA wal_checkpoint(TRUNCATE)", ChangeKind.NOTHING),
        ("SAVEPOINT level_1", ChangeKind.NOTHING),
        ("WITH ready AS (SELECT 1) SELECT replace(name, 'a', 'b') FROM ready", ChangeKind.NOTHING),
        ("update task SET state = 'sent'", ChangeKind.ROWS),
        ("\nDELETE FROM task", ChangeKind.ROWS),
        ("INSERT INTO task (id) VALUES (1) ON CONFLICT DO NOTHING", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1 AS id) UPDATE task SET state = 'sent' WHERE id IN ready", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1) INSERT OR IGNORE INTO task SELECT * FROM ready", ChangeKind.MORE),
        ("-- first\nCREATE TABLE thing (id)", ChangeKind.MORE),
        *((unknown, None) for unknown in ("", "VACUUM", "ATTACH 'x' AS y", "1")),
    ],
)
def test_what_a_statement_may_change(sql, kind):
    if kind is None:
        with pytest.raises(StoreError):
            kind_of(sql)
    else:
        assert kind_of(sql) is kind


@functools.cache
def changing():
    """Every text of SQL in the store that changes something, with its file."""
    return [(name, sql) for name, sql in statements() if CHANGES.search(sql)]


def statements():
    for path in [*sorted(STORE.rglob("*.py")), *sorted((STORE / "migrations").glob("*.sql"))]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".sql":
            yield from ((path.name, part) for part in text.split(";"))
            continue
        tree = ast.parse(text)
        spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
                yield path.name, node.value


CHANGES = re.compile(
    r"\b(INSERT\s+(OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET|CREATE\s+TABLE)\b"
)
CHANCE = re.compile(
    r"\b(random|randomblob|date|time|datetime|julianday|strftime|unixepoch|changes|total_changes|last_insert_rowid)\s*\("
    r"|\bCURRENT_(DATE|TIME|TIMESTAMP)\b",
    re.IGNORECASE,
)
IN_ANY_ORDER = re.compile(r"\bLIMIT\b|\bINSERT\b(?:(?!VALUES).)*\bSELECT\b", re.IGNORECASE | re.DOTALL)
IN_ONE = re.compile(r"\bORDER BY\b|\bWHERE (\w+\.)?id = ")  # or there is but one row


def test_the_search_finds_the_store_s_changes():
    assert len(changing()) > 40
    assert all(CHANCE.search(sql) for sql in ("x = random()", "DEFAULT CURRENT_TIMESTAMP", "datetime('now')"))
    assert IN_ANY_ORDER.search("INSERT INTO a (b) SELECT c FROM d")
    assert not IN_ANY_ORDER.search("INSERT INTO a (b) VALUES (:b) ON CONFLICT DO UPDATE SET b = (SELECT 1)")


def test_no_change_has_a_clock_or_dice_or_depends_on_the_order_of_rows():
    assert [(name, sql) for name, sql in changing() if CHANCE.search(sql)] == []
    assert [(name, sql) for name, sql in changing() if IN_ANY_ORDER.search(sql) and not IN_ONE.search(sql)] == []
