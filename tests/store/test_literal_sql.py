"""No statement is built from strings, but for those that add or change one row: they name its columns."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import axiom.store

STORE = Path(axiom.store.__file__).parent
BEGINS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK|CREATE|DROP|ALTER)\b")
# What may put statements together, and why.
EXCEPTIONS = {"database.py": "it names savepoints by their depth, settings by its own list, and columns by arguments"}


def statements_built_in(source: str) -> Iterator[str]:
    """What begins as a statement does and holds more than constants of its module."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    within = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(first)), *parts]):
                values = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
                is_built = id(node) in within or not all(isinstance(value, ast.Name) for value in values)
            case ast.BinOp(left=ast.Constant(value=str(first)), op=ast.Add() | ast.Mod()):
                is_built = True
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(first)))):
                is_built = True
            case _:
                continue
        if is_built and BEGINS.match(first):
            yield f"line {node.lineno}: {ast.unparse(node)[:100]}"


BUILT = [
    'def f(db, table): db.select(f"SELECT * FROM {table}")',
    'def g(db, x): db.execute("SELECT " + x)',
    'def g(db, x): db.execute("SELECT %s" % x)',
    'def g(db, x): db.execute("DELETE FROM {}".format(x))',
    '_A = f"SELECT {make()}"\ndef f(db): db.execute_many(_A, [])',
    'class A:\n    def f(self): self.db.select(f"UPDATE {self.x}")',
]
LITERAL = [
    '_A = "x"\n_B = f"SELECT {_A}"\ndef f(db): db.row(_B)',
    'def f(db, n): db.row("SELECT :n", n=f"{n} " + "SELECT")',
]


def test_every_statement_stands_in_the_source_and_one_that_is_built_is_found():
    assert [len([*statements_built_in(source)]) for source in BUILT + LITERAL] == [1] * len(BUILT) + [0] * len(LITERAL)
    built = {path.name: [*statements_built_in(path.read_text(encoding="utf-8"))] for path in STORE.rglob("*.py")}
    assert {name for name, lines in built.items() if lines} == set(EXCEPTIONS)
