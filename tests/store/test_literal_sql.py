"""No statement is built from strings: what the store asks of SQLite can be read in its source, word for word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import axiom.store

STORE = Path(axiom.store.__file__).parent
ASKING = {"select", "one", "execute", "insert", "many", "repeat"}
# What may ask with other words than its module's own, and why.
EXCEPTIONS = {
    "database.py": "passes on what it was asked; it names savepoints by their depth and settings by its own list",
    "replay.py": "replays statements that this program wrote down, each proven by the journal's sums",
    "migrate.py": "applies the files of migrations/, whose digests are recorded",
}


class Module:
    """One module of the store, as far as its statements go."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self.constants: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.constants[node.targets[0].id] = node.value
        aliases = [each for node in self.tree.body if isinstance(node, ast.ImportFrom) for each in node.names]
        self.modules = {each.asname: each.name for each in aliases if each.asname}
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def faults(self) -> list[str]:
        """Every question whose words do not stand in the source."""
        return [
            f"line {call.lineno}: {ast.unparse(call)[:100]}"
            for function in self.functions
            for call in calls_in(function)
            if isinstance(call.func, ast.Attribute) and call.func.attr in ASKING
            if not (call.args and self.is_said(call.args[0], function))
        ]

    def is_said(self, words: ast.expr, function: ast.FunctionDef | None = None) -> bool:
        """Do these words stand in the source: here, in a constant, or where a private function is called?"""
        match words:
            case ast.Constant():
                return isinstance(words.value, str)
            case ast.Name(id=name) if function is not None and name in named(function):
                return self._is_passed(name, function)
            case ast.Name(id=name):
                return name in self.constants and self.is_said(self.constants[name])
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                files = STORE.rglob(f"{self.modules.get(module, module)}.py")
                return any(Module(file.read_text(encoding="utf-8")).is_said(ast.Name(id=name)) for file in files)
            case ast.JoinedStr(values=parts):
                return function is None and all(self._is_part(each) for each in parts)
        return self._is_chosen(words, function)

    def _is_part(self, part: ast.expr) -> bool:
        return self.is_said(part.value if isinstance(part, ast.FormattedValue) else part)

    def _is_chosen(self, words: ast.expr, function: ast.FunctionDef | None) -> bool:
        """Is it one of several that all stand in the source?"""
        match words:
            case ast.Subscript(value=ast.Name(id=table)):
                return self._is_table(table)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=table), attr="get"), args=[_, other]):
                return self._is_table(table) and self.is_said(other)
            case ast.IfExp(body=one, orelse=other):
                return self.is_said(one, function) and self.is_said(other, function)
        return False

    def _is_table(self, name: str) -> bool:
        table = self.constants.get(name)
        return isinstance(table, ast.Dict) and all(self.is_said(each) for each in table.values)

    def _is_passed(self, name: str, function: ast.FunctionDef) -> bool:
        """Is this parameter of a private function said by everybody who calls it?"""
        place = named(function).index(name)
        found = [
            (call, caller)
            for caller in self.functions
            for call in calls_in(caller)
            if isinstance(call.func, ast.Name) and call.func.id == function.name
        ]
        return (
            function.name.startswith("_")
            and bool(found)
            and all(len(call.args) > place and self.is_said(call.args[place], caller) for call, caller in found)
        )


def named(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in function.args.args]


def calls_in(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def test_every_statement_stands_in_the_source():
    faults = {path.name: Module(path.read_text(encoding="utf-8")).faults() for path in STORE.rglob("*.py")}
    assert {name for name, found in faults.items() if found} == set(EXCEPTIONS)


BUILT = [
    'def f(db, table): db.select(f"SELECT * FROM {table}")',
    "def _f(db, sql): db.execute(sql)",
    'def _f(db, sql): db.execute(sql)\ndef g(db, x): _f(db, "SELECT " + x)',
    '_A = f"SELECT {make()}"\ndef f(db): db.many(_A, [])',
    '_A = {1: "SELECT 1", 2: make()}\ndef f(db): db.one(_A[1])',
    'class A:\n    def f(self): self.db.select(f"SELECT {self.x}")',
]
SAID = [
    '_A = "x"\n_B = f"SELECT {_A}"\ndef f(db): db.one(_B)',
    '_A = {1: "SELECT 1"}\n_B = "SELECT 2"\ndef f(db, n): db.one(_A.get(n, _B))',
    'def _f(db, sql): db.execute(sql)\ndef g(db): _f(db, "SELECT 1")',
    '_A, x = "SELECT 1", 2\n_B = "SELECT 2"\ndef f(db, a): db.execute(_B if a else "SELECT 3")',
    "def f(db): db.execute(workunits.RETURN)",
]


def test_a_statement_that_is_built_is_found_and_one_that_stands_there_is_none():
    assert [len(Module(source).faults()) for source in BUILT + SAID] == [1] * len(BUILT) + [0] * len(SAID)
