"""What the names in a file mean: which of them stand for something imported, wherever they are written.

A name that a function or a comprehension makes for itself means nothing here. Python's own rules decide whose a name
is; where two meanings are possible, the imported one counts, since nobody looks at what is done with the other.
"""

import ast
from collections.abc import Collection, Iterable, Iterator

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class SourceFile:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes = list(ast.walk(tree))
        self.in_classes = {id(node) for node in _of_classes(self.nodes)}
        self.bases = {id(node.value) for node in self.nodes if isinstance(node, ast.Attribute)}
        self.imported: dict[str, set[str]] = {}  # a name may be imported twice, with two meanings
        for written, meaning in _import_names(self.nodes):
            self.imported.setdefault(written, set()).add(meaning)
        top = {id(node) for node in self.at_import()} - self.in_classes
        within = {written for written, _ in _import_names(node for node in self.nodes if id(node) not in top)}
        self.own = _own_names(tree, within)
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        outside = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
        self.constants = {name for statement in outside for name in _stored([statement])}

    def meanings(self, node: ast.AST) -> set[str]:
        """The full names that `a.b.c` may stand for when `a` was imported; nothing for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or id(node) in self.own:
            return set()
        return {".".join((meaning, *parts)) for meaning in self.imported.get(node.id, ())}

    def read_names(self) -> Iterator[ast.Name]:
        """The names that are read and are no function's own."""
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in self.own:
                yield node

    def flags(self, name: str) -> set[str] | None:
        """What is said to be True of this dataclass of the file; None when there is none of the name."""
        for mark in self.classes[name].decorator_list if name in self.classes else ():
            called, keywords = (mark.func, mark.keywords) if isinstance(mark, ast.Call) else (mark, [])
            if self.meanings(called) == {"dataclasses.dataclass"}:
                return {word.arg or "" for word in keywords if getattr(word.value, "value", None) is True}
        return None

    def at_import(self) -> Iterator[ast.AST]:
        """Everything that is evaluated when the file is imported: all but the insides of its functions."""
        return _evaluated(self.tree.body)

    def before_any_cell(self, *, without: Collection[int] = (), is_named_enough: bool) -> Iterator[ast.AST]:
        """What may be computed when the file is imported or asked what it declares: functions that are called then.

        `without`: nodes that are handed on to be called later. `is_named_enough`: a function that is named counts, too.
        """
        waiting: list[ast.AST] = [node for node in self.tree.body if not isinstance(node, _DEFINITION)]
        seen = set[str]()
        while waiting:
            node = waiting.pop()
            if id(node) in without:
                continue
            yield node
            waiting += ast.iter_child_nodes(node)
            for name in _called(node) if not is_named_enough else _read(node):
                if name not in seen:
                    seen.add(name)
                    waiting += _inside(self.functions.get(name)) + _inside(self.classes.get(name))


def _inside(definition: ast.FunctionDef | ast.ClassDef | None) -> list[ast.stmt]:
    return list(definition.body) if definition else []


def _read(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id


def _called(node: ast.AST) -> Iterator[str]:
    """Names that this calls; what says how many seconds a cell takes is called as well."""
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(node, ast.keyword) and node.arg == "seconds":
        called = node.value
    if isinstance(called, ast.Name):
        yield called.id


def _import_names(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (top, top)
            case ast.ImportFrom(names=names):
                for alias in names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _of_classes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What is evaluated when a class is made."""
    return _evaluated(part for node in nodes if isinstance(node, ast.ClassDef) for part in node.body)


def _evaluated(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """These and all below them but the insides of functions, which wait until they are called."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        before, inside = _parts(node)
        waiting += before if isinstance(node, _FUNCTION) else [*before, *inside]


def _own_names(tree: ast.Module, within: set[str]) -> set[int]:
    """The places at which a name is a function's or a comprehension's own, whatever it is outside.

    `within`: names that are imported elsewhere than at the top of the file. Such a one is nobody's own: the function
    that imports it may give it a value as well, and one around it or within it may, too.
    """
    ids: set[int] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, ast.Name) and node.id in own:
            ids.add(id(node))
        before, inside = _parts(node)
        waiting += [(part, own) for part in before]
        if inside:
            wider = own | (_locals(node, inside) - within)
            waiting += [(part, wider) for part in inside]
    return ids


def _parts(node: ast.AST) -> tuple[list[ast.AST], list[ast.AST]]:
    """What is below a node: with the names around it, and with those of the scope that it is."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])], [*node.body]
        case ast.Lambda():
            return [node.args], [node.body]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords], [*node.body]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            first = node.generators[0]
            inside = [part for part in ast.iter_child_nodes(node) if part is not first]
            return [first.iter], [*inside, first.target, *first.ifs]
    return list(ast.iter_child_nodes(node)), []


def _locals(scope: ast.AST, inside: list[ast.AST]) -> set[str]:
    """The names that a scope makes for itself and for what is within it.

    Those of a class are not seen in its methods. What `:=` names in a comprehension belongs to the scope around it.
    """
    match scope:
        case ast.FunctionDef(args=words) | ast.AsyncFunctionDef(args=words) | ast.Lambda(args=words):
            plain = (*words.posonlyargs, *words.args, *words.kwonlyargs, words.vararg, words.kwarg)
            return {argument.arg for argument in plain if argument} | _stored(inside)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return _stored(generator.target for generator in scope.generators)
    return set()


def _stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are given values here, functions, classes and comprehensions inside left aside."""
    names, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting += _parts(node)[0]
    return names


def is_declaration(node: ast.AST) -> bool:
    """Does it give a value to the name `experiment`?"""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "experiment" for target in targets)
