"""Makes one experiment's file look like another: other names, numbers, words and order, and helpers of their own."""

import ast
import builtins
import random
from collections.abc import Callable

_KEPT = {"experiment", "Config", "Measures"}  # by which a file is read


class _Renamed(ast.NodeTransformer):
    def __init__(self, dice: random.Random, kept: set[str]) -> None:
        self._dice, self._kept, self._new = dice, kept | _KEPT, dict[str, str]()

    def name(self, old: str) -> str:
        if old in self._kept or hasattr(builtins, old):
            return old
        return self._new.setdefault(old, f"word_{len(self._new)}_{self._dice.randrange(1000)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.name(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.name(node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.name(node.name)
        return self.generic_visit(node)


class _Renumbered(ast.NodeTransformer):
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            node.value = f"other words {self._dice.random()}"
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            node.value += self._dice.choice((1, 2, 0.5))
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        return node


class _Reordered(ast.NodeTransformer):
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._dice.shuffle(node.body)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self._dice.shuffle(node.keywords)
        return self.generic_visit(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        imports = [part for part in node.body if isinstance(part, ast.Import | ast.ImportFrom)]
        others = [part for part in node.body if part not in imports]
        self._dice.shuffle(others)
        node.body = imports + others
        return self.generic_visit(node)


def _renamed(tree: ast.Module, dice: random.Random) -> ast.Module:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    kept = {alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names}
    renamed: ast.Module = _Renamed(dice, kept).visit(tree)
    return renamed


def _split(tree: ast.Module, dice: random.Random) -> ast.Module:
    """Every second line becomes a function of its own."""
    helpers: list[ast.stmt] = []
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        for line in ast.walk(function):
            if not isinstance(line, ast.Assign | ast.Return) or line.value is None or dice.random() < 0.5:
                continue
            names = sorted({part.id for part in ast.walk(line.value) if isinstance(part, ast.Name)})
            names = [name for name in names if not hasattr(builtins, name)]
            helper = f"helper_{len(helpers)}"
            helpers.append(
                ast.parse(f"def {helper}({', '.join(names)}):\n    return {ast.unparse(line.value)}").body[0]
            )
            line.value = ast.parse(f"{helper}({', '.join(names)})", mode="eval").body
    tree.body[-1:-1] = helpers
    return tree


def _padded(tree: ast.Module, _dice: random.Random) -> ast.Module:
    """As much again that nobody calls."""
    extra = [
        f"def idle_{n}(a, b):\n    c = [a * {n} + b[{n}], max(a, b ** 2)]\n    return sum(c) / {n + 1}"
        for n in range(9)
    ]
    tree.body[-1:-1] = ast.parse("\n".join(extra)).body
    return tree


DISGUISES: dict[str, Callable[[ast.Module, random.Random], ast.Module]] = {
    "renamed": _renamed,
    "renumbered": lambda tree, dice: _Renumbered(dice).visit(tree),
    "reordered": lambda tree, dice: _Reordered(dice).visit(tree),
    "split": _split,
    "padded": _padded,
}


def disguised(text: str, how: tuple[str, ...], seed: int) -> str:
    """The text in these disguises, one over the other. Not all of them can be run."""
    tree, dice = ast.parse(text), random.Random(seed)
    for name in how:
        tree = DISGUISES[name](tree, dice)
    return ast.unparse(ast.fix_missing_locations(tree))
