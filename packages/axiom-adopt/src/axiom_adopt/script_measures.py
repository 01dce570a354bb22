"""What a script's function measures: the keys and kinds of what it returns or writes, found in its tree."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from axiom_adopt.script_levels import Levels, is_seed
from axiom_adopt.script_text import Function, read_dotted_name

_MOST_STEPS = 20_000  # of describing what a function returns
_LISTS = ("list", "tolist", "append", "tuple")
_NAMED = re.compile(r"\W+")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptMeasure:
    """A number that a script computes: its type in Measures, and the code that takes it from what was returned."""

    name: str
    type: str
    access: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """A value that goes into a container: under these keys, or at its end."""

    keys: tuple[ast.expr, ...]
    value: ast.expr
    at: ast.AST
    is_appended: bool = False


class _Scope:
    """What values the names of these functions get; of a class, those of all its methods, as self.name."""

    def __init__(self, nodes: Sequence[ast.AST], parents: Mapping[int, ast.AST], owner: ast.ClassDef | None) -> None:
        self.parents, self.owner = parents, owner
        self.values = defaultdict[str, list[ast.expr]](list)
        self.written = defaultdict[str, list[_Written]](list)
        self.loops = defaultdict[str, list[ast.expr]](list)
        for top in nodes:
            for node in ast.walk(top):
                self._read(node)
        self.values.default_factory = self.written.default_factory = self.loops.default_factory = None

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assigned(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                is_divided = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div)
                self._assigned(target, ast.Constant(value=...) if is_divided else value)
            case ast.For(target=ast.Name(id=name), iter=values):
                self.loops[name].append(values)
            case ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[value]):
                keys, root = _chain(owner)
                self.written[root].append(_Written(keys=keys, value=value, at=node, is_appended=True))
            case ast.Call(func=ast.Attribute(value=owner, attr="update"), args=[value]):
                keys, root = _chain(owner)
                self.written[root].append(_Written(keys=keys, value=value, at=node))

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        keys, root = _chain(target)
        if isinstance(target, ast.Tuple | ast.List):
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [ast.Constant(value=...)] * 99
            for part, inner in zip(target.elts, parts, strict=False):
                self._assigned(part, inner)
        elif keys:
            self.written[root].append(_Written(keys=keys, value=value, at=target))
        elif root:
            self.values[root].append(value)


def _chain(node: ast.expr) -> tuple[tuple[ast.expr, ...], str]:
    """The keys and the name of `name[a][b]`."""
    keys = list[ast.expr]()
    while isinstance(node, ast.Subscript):
        keys.insert(0, node.slice)
        node = node.value
    return tuple(keys), read_dotted_name(node)


class MeasureReader:
    """Reads what functions return. `stands_for`: names of loops that have one turn alone, and what stands for them."""

    def __init__(self, levels: Levels) -> None:
        self.levels, self.script = levels, levels.script
        self.functions = {node.name: node for node in self.script.tree.body if isinstance(node, Function)}
        self.classes = {node.name: node for node in self.script.tree.body if isinstance(node, ast.ClassDef)}
        self._scopes: dict[int, _Scope] = {}
        self.stands_for: dict[str, str] = {}
        self.one_turn = set[int]()  # loops that have one turn alone
        self._open = set[int]()  # what is being described, so that nothing is described within itself
        self._steps = 0
        self._labels: Sequence[str] = ()

    def scope(self, function: ast.AST) -> _Scope:
        """The names of a function; all methods of a class share theirs."""
        owner = self.script.parents.get(id(function))
        owner = owner if isinstance(owner, ast.ClassDef) else None
        top = owner or function
        if id(top) not in self._scopes:
            self._scopes[id(top)] = _Scope([top], self.script.parents, owner)
        return self._scopes[id(top)]

    def returned(self, function: ast.AST) -> list[ast.expr]:
        """What a function returns, its inner functions left aside."""
        nodes = self.script.live(function, whole=False)
        return [node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None]

    def measures(
        self, function: ast.AST, values: Sequence[ast.expr], labels: Sequence[str]
    ) -> tuple[ScriptMeasure, ...]:
        """The numbers in these values of a function; `labels` name those that have no name of their own."""
        self._steps, self._labels = 0, labels
        named = dict[str, ScriptMeasure]()
        for value in values:
            for measure in self._described(value, self.scope(function), "", labels[0]):
                named.setdefault(measure.name, measure)
        return tuple(named.values())

    def _described(self, node: ast.expr, scope: _Scope, path: str, label: str) -> Iterator[ScriptMeasure]:
        self._steps += 1
        if id(node) in self._open or self._steps > _MOST_STEPS:
            return
        self._open.add(id(node))
        yield from self._parts(node, scope, path, label)
        self._open.discard(id(node))

    def _parts(self, node: ast.expr, scope: _Scope, path: str, label: str) -> Iterator[ScriptMeasure]:
        match node:
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    yield from self._below((key,) if key else (), value, scope, path, label)
            case ast.Call(func=ast.Name(id="dict"), keywords=words) if words:
                for word in words:
                    named = (ast.Constant(value=word.arg),) if word.arg else ()
                    yield from self._below(named, word.value, scope, path, label)
            case ast.Call() if self._inner(node, scope):
                yield from self._of_call(node, scope, path, label)
            case ast.DictComp(key=key, value=value, generators=[turn]) if id(turn) in self.one_turn:
                yield from self._below((key,), value, scope, path, label)
            case ast.ListComp(elt=element, generators=[turn]) if id(turn) in self.one_turn:
                yield from self._described(element, scope, f"{path}[0]", label)
            case ast.Tuple(elts=elements):
                for place, element in enumerate(elements):
                    own = self._labels[place] if not path and place < len(self._labels) - 1 else f"{label}_{place}"
                    name = read_dotted_name(element).rpartition(".")[2] or own
                    yield from self._described(element, scope, f"{path}[{place}]", name)
            case ast.Name() | ast.Attribute() if read_dotted_name(node):
                yield from self._of_name(node, scope, path, label)
            case _:
                yield from self._number(node, scope, path, label)

    def _below(
        self, keys: Sequence[ast.expr], value: ast.expr, scope: _Scope, path: str, label: str
    ) -> Iterator[ScriptMeasure]:
        """What lies under these keys; `{**value}` has none."""
        words = []
        for key in keys:
            text = self._key(key)
            if text is None:
                return
            path += f"[{text}]"
            words += [
                part.value for part in ast.walk(key) if isinstance(part, ast.Constant) and type(part.value) is str
            ]
        if keys and (self._is_echo(value, scope) or self.script.is_gone(value)):
            return
        own = read_dotted_name(value).rpartition(".")[2] or label
        yield from self._described(value, scope, path, "_".join(words) or own)

    def _key(self, key: ast.expr) -> str | None:
        """A key as code that stands in `run`; None where it names what is not there."""
        names = {node.id for node in ast.walk(key) if isinstance(node, ast.Name)} - {"str", "int", "float"}
        if not names <= self.stands_for.keys():
            return None
        text = in_double_quotes(ast.unparse(key))
        for name in names:
            text = re.sub(rf"(?<![\w.'\"]){name}(?![\w'\"])", self.stands_for[name], text)
        return text

    def _is_echo(self, value: ast.expr, scope: _Scope) -> bool:
        """Is it what the cell was given, and so no measure?"""
        if self.levels.option(value) is not None:
            return True
        match value:
            case ast.Call(func=ast.Name(id="int" | "float" | "str" | "round"), args=[ast.Name() as inner]):
                value = inner
        if not isinstance(value, ast.Name) or value.id in scope.values:
            return isinstance(value, ast.Name) and is_seed(value.id)
        return value.id not in scope.written and (value.id not in scope.loops or value.id in self.stands_for)

    def _inner(self, node: ast.Call, scope: _Scope) -> ast.AST | None:
        """The script's own function or class that is called."""
        match node.func:
            case ast.Name(id=name):
                return self.functions.get(name) or (self.classes.get(name) if node.keywords else None)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if scope.owner is not None:
                return next(
                    (part for part in scope.owner.body if isinstance(part, Function) and part.name == name), None
                )
        return None

    def _of_call(self, node: ast.Call, scope: _Scope, path: str, label: str) -> Iterator[ScriptMeasure]:
        inner = self._inner(node, scope)
        if inner is None:
            return
        if isinstance(inner, ast.ClassDef):
            for word in node.keywords:
                if word.arg and not self._is_echo(word.value, scope):
                    yield from self._described(word.value, scope, f"{path}.{word.arg}", word.arg)
            return
        for value in self.returned(inner):
            yield from self._described(value, self.scope(inner), path, label)

    def _of_name(self, node: ast.expr, scope: _Scope, path: str, label: str) -> Iterator[ScriptMeasure]:
        name = read_dotted_name(node)
        values, written = scope.values.get(name, []), scope.written.get(name, [])
        made = [value for value in values if isinstance(value, ast.Dict | ast.Call | ast.DictComp)]
        is_list = any(isinstance(value, ast.List | ast.ListComp) for value in values)
        inner = [value for value in made if not isinstance(value, ast.Call) or self._inner(value, scope)]
        if not written and not inner:
            yield from self._number(node, scope, path, label)
            return
        for value in inner:
            yield from self._described(value, scope, path, label)
        for part in written:
            if part.is_appended and self._turns_often(part.at, scope):
                if is_list or part.keys:
                    yield from self._below(
                        part.keys, ast.copy_location(ast.List(elts=[]), part.value), scope, path, label
                    )
            elif part.is_appended:
                for measure in self._below(part.keys, part.value, scope, f"{path}", label):
                    yield replace(measure, access=self._first(measure.access, path, part.keys))
            else:
                yield from self._below(part.keys, part.value, scope, path, label)

    def _first(self, access: str, path: str, keys: Sequence[ast.expr]) -> str:
        """The access to the first of a list, which lies at `path` and these keys."""
        place = len(path + "".join(f"[{self._key(key)}]" for key in keys))
        return f"{access[:place]}[0]{access[place:]}"

    def _turns_often(self, node: ast.AST, scope: _Scope) -> bool:
        """Is this done more than once in a cell?"""
        while (above := scope.parents.get(id(node))) is not None and not isinstance(above, Function):
            if isinstance(above, ast.For | ast.While) and id(above) not in self.one_turn:
                return True
            node = above
        return False

    def _number(self, node: ast.expr, scope: _Scope, path: str, label: str) -> Iterator[ScriptMeasure]:
        kinds = self._kinds(node, scope, set())
        if "str" in kinds or not label:
            return
        kind = next((kind for kind in ("floats", "float", "bool", "int") if kind in kinds), "float")
        kind = {"floats": "tuple[float, ...]"}.get(kind, "float" if {"bool", "int"} <= kinds else kind)
        name = _NAMED.sub("_", label).strip("_").lower() or "value"
        name = name if name.isidentifier() else f"m_{name}"
        yield ScriptMeasure(name=name, type=kind + " | None" * ("None" in kinds), access=path, line=node.lineno)

    def _kinds(self, node: ast.expr, scope: _Scope, seen: set[str]) -> set[str]:
        """The types that this value may have, as far as the text shows; a number counts as a float."""
        match node:
            case ast.Constant(value=value):
                return {type(value).__name__.replace("NoneType", "None").replace("ellipsis", "float")}
            case ast.JoinedStr():
                return {"str"}
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return {"bool"}
            case ast.IfExp(body=first, orelse=second):
                return self._kinds(first, scope, seen) | self._kinds(second, scope, seen)
            case ast.List() | ast.ListComp() | ast.Tuple():
                return {"floats"}
            case ast.Call(func=function):
                name = read_dotted_name(function).rpartition(".")[2] or getattr(function, "attr", "")
                kind = "floats" if name in _LISTS else {"len": "int", "argmax": "int", "argmin": "int"}.get(name, name)
                return {kind if kind in ("floats", "int", "bool", "str") else "float"}
            case ast.Name() | ast.Attribute() if name := read_dotted_name(node):
                if name in seen:
                    return set()
                seen.add(name)
                kinds = {kind for value in scope.values.get(name, ()) for kind in self._kinds(value, scope, seen)}
                ranges = [
                    values
                    for values in scope.loops.get(name, ())
                    if read_dotted_name(getattr(values, "func", values)) == "range"
                ]
                return kinds | {"int"} if ranges else kinds or {"float"}
        return {"float"}


def in_double_quotes(code: str) -> str:
    return code if '"' in code else code.replace("'", '"')
