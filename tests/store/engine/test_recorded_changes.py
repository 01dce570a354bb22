"""What a statement may change is known before it is done; with its values by place it means what it meant by name."""

import ast
import contextlib
import functools
import re
import sqlite3
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

import axiom
from axiom.errors import StoreError
from axiom.store.engine.database import ChangeKind, classify_statement
from axiom.store.engine.sqlite_binding import parse_statement, to_microseconds

STORE = Path(axiom.__file__).parent / "store"


def test_what_a_statement_may_change():
    for sql, kind in [
        ("\n  -- a word; INSERT\n/* UPDATE */ select 1", ChangeKind.NOTHING),
        ("PRAGMA wal_checkpoint(TRUNCATE)", ChangeKind.NOTHING),
        ("SAVEPOINT level_1", ChangeKind.NOTHING),
        ("WITH ready AS (SELECT 1) SELECT replace(name, 'a', 'b') FROM ready", ChangeKind.NOTHING),
        ("update task SET state = 'sent'", ChangeKind.ROWS),
        ("\nDELETE FROM task", ChangeKind.ROWS),
        ("INSERT INTO task (id) VALUES (1) ON CONFLICT DO NOTHING", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1 AS id) UPDATE task SET state = 'sent' WHERE id IN ready", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1) INSERT OR IGNORE INTO task SELECT * FROM ready", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1) UPDATE task AS t SET state = 'sent'", ChangeKind.MORE),
        ("WITH ready AS (SELECT 1) UPDATE OR IGNORE main.task SET state = 'sent'", ChangeKind.MORE),
        ("with ready(id) as (values (')'), (1)) /* ( */ delete from \"task\"", ChangeKind.MORE),
        ("WITH [select] AS (SELECT 1) REPLACE INTO task SELECT * FROM [select]", ChangeKind.MORE),
        ("-- first\nCREATE TABLE thing (id)", ChangeKind.MORE),
        *((unknown, None) for unknown in ("", "VACUUM", "ATTACH 'x' AS y", "1")),
    ]:
        if kind is None:
            with pytest.raises(StoreError):
                classify_statement(sql)
        else:
            assert classify_statement(sql) is kind


@functools.cache
def changing():
    """Every text of SQL in the store that changes something, with its file."""
    return [(name, sql) for name, sql in statements() if CHANGES.search(sql)]


def statements():
    for path in sorted((STORE / "migrations").glob("*.sql")):
        yield from ((path.name, part) for part in path.read_text(encoding="utf-8").split(";"))
    for path in sorted(STORE.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        put_together = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        apart = documentation | {id(part) for node in put_together for part in node.values}
        constants = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in apart]
        yield from ((path.name, node.value) for node in constants if isinstance(node.value, str))
        for node in put_together:
            yield path.name, "".join(part.value for part in node.values if isinstance(part, ast.Constant))


CHANGES = re.compile(
    r"\b(INSERT\s+(OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM"
    r"|UPDATE\s+(OR\s+\w+\s+)?[\w.\"]+(\s+AS\s+\w+)?\s+SET|CREATE\s+TABLE)\b"
)
CHANCE = re.compile(
    r"\b(random|randomblob|date|time|datetime|julianday|strftime|unixepoch|changes|total_changes|last_insert_rowid)\s*\("
    r"|\bCURRENT_(DATE|TIME|TIMESTAMP)\b",
    re.IGNORECASE,
)
IN_ANY_ORDER = re.compile(r"\bLIMIT\b|\bINSERT\b(?:(?!VALUES).)*\bSELECT\b", re.IGNORECASE | re.DOTALL)
IN_ONE = re.compile(r"\bORDER BY\b|\bWHERE (\w+\.)?id = ")  # or there is but one row


def test_no_change_has_a_clock_or_dice_or_depends_on_the_order_of_rows():
    assert len(changing()) > 40
    assert all(CHANCE.search(sql) for sql in ("x = random()", "DEFAULT CURRENT_TIMESTAMP", "datetime('now')"))
    assert IN_ANY_ORDER.search("INSERT INTO a (b) SELECT c FROM d")
    assert not IN_ANY_ORDER.search("INSERT INTO a (b) VALUES (:b) ON CONFLICT DO UPDATE SET b = (SELECT 1)")
    assert [(name, sql) for name, sql in changing() if CHANCE.search(sql)] == []
    assert [(name, sql) for name, sql in changing() if IN_ANY_ORDER.search(sql) and not IN_ONE.search(sql)] == []


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_each_value_has_a_place_wherever_its_name_stands_and_comes_in_its_order():
    for sql, text, names in [
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT :one", "SELECT ?1", ("one",)),
        ("VALUES (:b, :a,:b)", "VALUES (?1, ?2,?1)", ("b", "a")),
        ("SELECT ':no', '''', \":no\", :yes", "SELECT ':no', '''', \":no\", ?1", ("yes",)),
        ("SELECT 'it''s :no', :yes", "SELECT 'it''s :no', ?1", ("yes",)),
        ("SELECT 1 -- of :no\n, :yes /* nor\n:no */", "SELECT 1 -- of :no\n, ?1 /* nor\n:no */", ("yes",)),
    ]:
        assert (parse_statement(sql).text, parse_statement(sql).names) == (text, names)
    bind = parse_statement("VALUES (:a, :b, :a, :c)").bind
    assert bind({"c": None, "b": "x", "a": NOW, "of no statement": 1}) == (to_microseconds(NOW), "x", None)
    assert (parse_statement("SELECT :a").bind({"a": 0}), parse_statement("SELECT 1").bind({"a": 0})) == ((0,), ())
    with pytest.raises(StoreError, match="'b'"):
        parse_statement("VALUES (:a, :b)").bind({"a": 1})


BEGINS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH) ")


@functools.cache
def questions() -> frozenset[str]:
    """Every constant of the store that is a statement."""
    names = [".".join(path.relative_to(STORE.parent).with_suffix("").parts) for path in STORE.rglob("*.py")]
    values = [value for name in names for value in vars(import_module(f"axiom.{name}")).values()]
    texts = [text for value in values for text in (value.values() if isinstance(value, dict) else (value,))]
    return frozenset(text for text in texts if isinstance(text, str) and BEGINS.match(text))


def program(connection: sqlite3.Connection, sql: str, values: object) -> list[tuple[object, ...]]:
    """What SQLite would do, step by step; how the place of a value is called is left out."""
    steps = connection.execute(f"EXPLAIN {sql}", values).fetchall()
    return [step[:5] if step[1] == "Variable" else step for step in steps]


def test_every_statement_of_the_store_does_the_same_as_with_its_values_by_name(migrated):
    assert len(questions()) > 300
    with contextlib.closing(sqlite3.connect(migrated)) as connection:
        for sql in questions():
            bound = parse_statement(sql)
            by_name = program(connection, sql, dict.fromkeys(bound.names))
            assert program(connection, bound.text, (None,) * len(bound.names)) == by_name, sql
