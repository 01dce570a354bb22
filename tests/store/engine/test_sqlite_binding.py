"""Statements with their values by place: they mean what they meant with their values by name."""

import contextlib
import re
import sqlite3
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

import axiom
from axiom.errors import StoreError
from axiom.store.engine.sqlite_binding import statement
from axiom.store.engine.timestamps import at

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT :one", "SELECT ?1", ("one",)),
        ("VALUES (:b, :a,:b)", "VALUES (?1, ?2,?1)", ("b", "a")),
        ("SELECT ':no', '''', \":no\", :yes", "SELECT ':no', '''', \":no\", ?1", ("yes",)),
        ("SELECT 'it''s :no', :yes", "SELECT 'it''s :no', ?1", ("yes",)),
        ("SELECT 1 -- of :no\n, :yes /* nor\n:no */", "SELECT 1 -- of :no\n, ?1 /* nor\n:no */", ("yes",)),
        ("SELECT a::text, :yes", "SELECT a::text, ?1", ("yes",)),
    ],
)
def test_each_value_has_a_place_wherever_its_name_stands(sql, text, names):
    found = statement(sql)
    assert (found.text, found.names) == (text, names)


def test_values_come_in_the_order_of_their_places_and_times_as_the_database_keeps_them():
    bind = statement("VALUES (:a, :b, :a, :c)").bind
    assert bind({"c": None, "b": "x", "a": NOW, "of no statement": 1}) == (at(NOW), "x", None)
    assert (statement("SELECT :a").bind({"a": 0}), statement("SELECT 1").bind({"a": 0})) == ((0,), ())
    with pytest.raises(StoreError, match="'b'"):
        statement("VALUES (:a, :b)").bind({"a": 1})


def statements() -> list[str]:
    """Every constant of the store that is a statement."""
    found = set()
    package = Path(axiom.__file__).parent
    for path in (package / "store").rglob("*.py"):
        name = ".".join(path.relative_to(package).with_suffix("").parts)
        for value in vars(import_module(f"axiom.{name}")).values():
            texts = value.values() if isinstance(value, dict) else (value,)
            found |= {text for text in texts if isinstance(text, str) and BEGINS.match(text)}
    return sorted(found)


BEGINS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH) ")


def program(connection: sqlite3.Connection, sql: str, values: object) -> list[tuple[object, ...]]:
    """What SQLite would do, step by step; how the place of a value is called is left out."""
    steps = connection.execute(f"EXPLAIN {sql}", values).fetchall()
    return [step[:5] if step[1] == "Variable" else step for step in steps]


def test_every_statement_of_the_store_does_the_same_as_with_its_values_by_name(migrated):
    asked = statements()
    assert len(asked) > 300
    with contextlib.closing(sqlite3.connect(migrated)) as connection:
        for sql in asked:
            known = statement(sql)
            by_name = program(connection, sql, dict.fromkeys(known.names))
            assert program(connection, known.text, (None,) * len(known.names)) == by_name, sql
