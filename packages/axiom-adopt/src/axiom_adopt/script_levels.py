"""Which values a script sweeps: its constants, the options of its command line and its loops."""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom_adopt.script_text import Function, ScriptText, read_dotted_name

Scalar = bool | int | float | str

SEEDS = frozenset(("seed", "seeds", "random_seed", "rng_seed", "random_state", "trial", "replicate", "repeat", "rep"))
_MOST_LEVELS = 1_000
_MOST_STEPS = 20_000  # of working a constant out: lists of lists of lists are none
_MOST_BITS = 256
_SPACED: dict[str, Callable[..., Any]] = {"linspace": np.linspace, "logspace": np.logspace, "geomspace": np.geomspace}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_AS_THEY_ARE = ("list", "tuple", "array", "asarray", "tolist", "tqdm", "keys")


class Unclear(Exception):
    """This is no constant that could be worked out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """What a script varies, or could vary. No levels: nobody knows which."""

    name: str
    levels: tuple[Scalar, ...]
    line: int

    @property
    def type(self) -> str:
        kinds = {type(level) for level in self.levels}
        return (kinds.pop().__name__ if len(kinds) == 1 else "float") if kinds else "TODO"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One name to which a loop gives one value after the other."""

    name: str
    values: ast.expr
    replaced: ast.expr  # what becomes `template` where there is one value alone
    template: str = "({0},)"
    is_index: bool = False

    @property
    def is_seed(self) -> bool:
        return is_seed(self.name)


def is_seed(name: str) -> bool:
    return name.lower() in SEEDS or name.lower().endswith("_seed")


class Levels:
    def __init__(self, script: ScriptText) -> None:
        self.script = script
        self.constants: dict[str, ast.expr] = {}  # names that the script gives one value, outside of functions
        twice = set[str]()
        for statement in script.tree.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    twice |= {name} & self.constants.keys()
                    self.constants[name] = value
                case ast.AugAssign(target=ast.Name(id=name)):
                    twice.add(name)
        self.constants = {name: value for name, value in self.constants.items() if name not in twice}
        self.options = dict(self._options())
        self.parsers, self.words = self._words()
        self._steps = 0

    def _options(self) -> Iterator[tuple[str, Factor]]:
        """The options of the command line by the names that argparse gives them."""
        for node in ast.walk(self.script.tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="add_argument"), args=[*names], keywords=keywords) if names:
                    words = {word.arg: word.value for word in keywords}
                    flags = [str(name.value) for name in names if isinstance(name, ast.Constant)]
                    longest = max(flags, key=len, default="").lstrip("-").replace("-", "_")
                    name = str(getattr(words.get("dest"), "value", longest))
                    levels = words.get("choices", words.get("default"))
                    if getattr(words.get("action"), "value", "") in ("store_true", "store_false"):
                        levels = ast.Constant(value=getattr(words["action"], "value", "") == "store_false")
                    yield name, Factor(name=name, levels=self._tuple(levels), line=node.lineno)

    def _words(self) -> tuple[set[str], set[str]]:
        """What parses the command line, and the names that stand for what it said."""
        parsers = {"parse_args"} | {
            function.name
            for function in self.script.tree.body
            if isinstance(function, Function)
            and any(isinstance(node, ast.Attribute) and node.attr == "parse_args" for node in ast.walk(function))
        }
        words = {"args", "opt", "options", "opts"} if self.options else set[str]()
        for node in ast.walk(self.script.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                is_parsed = read_dotted_name(node.value.func).rpartition(".")[2] in parsers
                words |= {target.id for target in node.targets if isinstance(target, ast.Name) and is_parsed}
        return parsers - {"parse_args", "main"}, words

    def _tuple(self, node: ast.expr | None) -> tuple[Scalar, ...]:
        try:
            value = self.value(node) if node else []
        except Unclear:
            value = []
        return tuple(value if isinstance(value, list) else [value])

    def value(self, node: ast.expr) -> Any:
        """What a constant is: a number, a word or a list of them; Unclear where that takes more than arithmetic."""
        self._steps = 0
        try:
            return self._value(node, {})
        except (ArithmeticError, TypeError, ValueError, RecursionError) as fault:
            raise Unclear from fault

    def _value(self, node: ast.expr, own: Mapping[str, Any]) -> Any:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Unclear
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand, own)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                first, second = self._number(left, own), self._number(right, own)
                if isinstance(op, ast.Pow) and abs(second) > _MOST_BITS:
                    raise Unclear
                return _bounded(_OPERATORS[type(op)](first, second))
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return [self._value(element, own) for element in elements]
            case ast.Dict(keys=keys):
                return [self._value(key, own) for key in keys if key]
            case ast.Name(id=name) if name in own:
                return own[name]
            case ast.Name(id=name) if name in self.constants:
                return self._value(self.constants[name], {})
            case ast.ListComp(
                elt=element, generators=[ast.comprehension(target=ast.Name(id=name), iter=values, ifs=[])]
            ):
                return [self._value(element, {**own, name: value}) for value in self._value(values, own)]
            case ast.Call(func=function, args=arguments):
                return self._called(function, arguments, own)
        raise Unclear

    def _number(self, node: ast.expr, own: Mapping[str, Any]) -> int | float:
        value = self._value(node, own)
        if not isinstance(value, int | float):
            raise Unclear
        return value

    def _called(self, function: ast.expr, arguments: Sequence[ast.expr], own: Mapping[str, Any]) -> Any:
        name = function.attr if isinstance(function, ast.Attribute) else read_dotted_name(function)
        if name in _AS_THEY_ARE:
            inner = arguments[0] if arguments else getattr(function, "value", None)
            value = self._value(inner, own) if inner else None
            if isinstance(value, list):
                return value
        elif name in ("range", "arange"):
            numbers = [self._number(argument, own) for argument in arguments]
            begin, end = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
            step = numbers[2] if len(numbers) == 3 else 1
            if abs(end - begin) <= _MOST_LEVELS * abs(step):
                return list(range(*map(int, numbers))) if name == "range" else np.arange(*numbers).tolist()
        elif name in _SPACED and len(arguments) == 3:
            first, last, count = [self._number(argument, own) for argument in arguments]
            if isinstance(count, int) and 0 < count <= _MOST_LEVELS:
                return _SPACED[name](first, last, count).tolist()
        elif name in ("int", "float") and len(arguments) == 1:
            return {"int": int, "float": float}[name](self._number(arguments[0], own))
        raise Unclear

    def levels(self, node: ast.expr) -> tuple[Scalar, ...]:
        """The levels that a list of constants or an option names; none where they are no plain numbers and words."""
        option = self.option(node)
        if option is not None:
            return option.levels
        values = self._tuple(node)
        kinds = {type(value) for value in values}
        if kinds == {int, float}:
            values = tuple(map(float, values))
        is_plain = len({type(value) for value in values}) == 1 and kinds <= {bool, int, float, str}
        is_finite = is_plain and all(math.isfinite(value) for value in values if isinstance(value, float))
        return tuple(dict.fromkeys(values)) if is_finite else ()

    def option(self, node: ast.AST) -> Factor | None:
        """The option that `args.width` speaks of."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.words:
            unknown = Factor(name=node.attr, levels=(), line=node.lineno)
            return self.options.get(node.attr, unknown)
        return None


def _bounded(number: float) -> float:
    if isinstance(number, int) and number.bit_length() > _MOST_BITS:
        raise Unclear
    return number


def list_turns(target: ast.expr, values: ast.expr) -> Iterator[Turn]:
    """The names to which `for target in values` gives values, if it is plain which."""
    function, arguments = (values.func, values.args) if isinstance(values, ast.Call) else (None, [])
    called = read_dotted_name(function).rpartition(".")[2] if function else ""
    match target:
        case ast.Name(id=name):
            values = arguments[0] if called == "tqdm" and arguments else values
            yield Turn(name=name, values=values, replaced=values)
        case ast.Tuple(elts=[ast.Name(id=index), inner]) if called == "enumerate" and arguments:
            yield Turn(name=index, values=arguments[0], replaced=arguments[0], is_index=True)
            yield from list_turns(inner, arguments[0])
        case ast.Tuple(elts=[ast.Name(id=key), _]) if called == "items" and isinstance(function, ast.Attribute):
            template = f"(({{0}}, {read_dotted_name(function.value)}[{{0}}]),)"
            yield Turn(name=key, values=function.value, replaced=values, template=template)
        case ast.Tuple(elts=parts) if called == "product" and len(parts) == len(arguments):
            for part, argument in zip(parts, arguments, strict=True):
                yield from list_turns(part, argument)
