"""Takes out of a script's functions what a cell has no use for: files, pictures, the clock and the command line."""

import ast
from collections import defaultdict
from collections.abc import Sequence

from axiom_adopt.script_levels import Levels, is_seed
from axiom_adopt.script_text import Function, read_dotted_name, root_of

_LEFT_OUT = {
    **dict.fromkeys(("argparse", "click", "fire", "getopt", "optparse", "sys"), "the command line"),
    **dict.fromkeys(("matplotlib", "plotly", "pylab", "seaborn"), "pictures"),
    **dict.fromkeys(("csv", "glob", "json", "os", "pandas", "pathlib", "pickle", "shutil", "h5py", "yaml"), "files"),
    **dict.fromkeys(("datetime", "platform", "resource", "socket", "time"), "the clock and the computer"),
    **dict.fromkeys(("logging", "tqdm", "warnings", "wandb", "tensorboard"), "telling how far it is"),
}
_NUMPY_FILES = ("save", "savez", "savez_compressed", "savetxt")
_READS = frozenset(
    (
        *("load", "loads", "loadtxt", "genfromtxt", "fromfile", "read", "readlines", "read_text", "read_bytes"),
        *("read_csv", "environ", "getenv", "stdin", "listdir", "glob", "open_dataset", "cpu_count", "urandom", "argv"),
    )
)
_HARMLESS = frozenset(("float", "int", "len", "list", "max", "min", "round", "str", "sum", "sorted", "print"))


class Cleaning:
    """What was taken out, by the lines of the script; what needs a name that is gone says TODO instead."""

    def __init__(self, levels: Levels) -> None:
        self.levels, self.script = levels, levels.script
        self.taken = defaultdict[str, list[int]](list)
        self._writers = dict[str, str]()
        self._modules = dict[str, str]()
        self._reading = set[int]()
        for node in ast.walk(self.script.tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        self._note_module(alias.asname or alias.name, alias.name)
                case ast.ImportFrom(module=str(module), names=names):
                    for alias in names:
                        self._note_module(alias.asname or alias.name, module)
        self.reads = [node for node in ast.walk(self.script.tree) if self._is_reading(node)]
        for node in self.reads:
            self._note_reading(node)
        self._modules.pop("tqdm", None)  # `for x in tqdm(xs)` computes
        for statement in self.script.tree.body:
            if isinstance(statement, ast.Assign):
                self._note_names(statement, self._modules)
        self._writers = {
            statement.name: why
            for statement in self.script.tree.body
            if isinstance(statement, Function) and (why := self._writes_alone(statement))
        }

    def _note_module(self, name: str, module: str) -> None:
        if why := _LEFT_OUT.get(module.partition(".")[0]):
            self._modules[name.partition(".")[0]] = why

    def _writes_alone(self, function: ast.AST) -> str:
        """Why a function is there that returns nothing and writes files or pictures; nothing for others."""
        nodes = list(self.script.live(function, whole=False))
        if any(isinstance(node, ast.Return) and node.value is not None for node in nodes):
            return ""
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        return next((why for node in calls if (why := self._outer_call(node, {})) and why != "the command line"), "")

    def clean(self, function: ast.AST, body: Sequence[ast.stmt]) -> None:
        """Take statements out of a function. Names that only these made are gone, and whoever reads one says TODO."""
        outer = self._modules | dict.fromkeys(self.levels.words, "the command line")
        for statement in body:
            self._note_names(statement, outer)
        if body and self._clean(body, outer):
            self.script.replace_span(*self.script.span(body[-1]), "pass")
        for node in list(self.script.live(function)):
            match node:
                case ast.Dict(values=values):
                    self._drop_entries(node, [self._outer(value, outer) for value in values])
                case ast.Call(func=ast.Name(id="tqdm"), args=[inner, *_]):
                    (start, end), (first, last) = self.script.span(node), self.script.span(inner)
                    self.script.replace_span(start, first, "")
                    self.script.replace_span(last, end, "")
                    self.script.gone |= {id(part) for part in ast.iter_child_nodes(node) if part is not inner}
                case ast.Name(id=name, ctx=ast.Load()) if name in outer and name not in self._modules:
                    self.script.replace(node, "TODO")

    def _note_names(self, statement: ast.stmt, outer: dict[str, str]) -> None:
        """Names that a statement gives what is of no use in a cell, in the order of the text."""
        for node in ast.walk(statement):
            match node:
                case ast.Assign(targets=targets, value=value) if why := self._outer(value, outer):
                    for target in targets:
                        for part in getattr(target, "elts", [target]):
                            if isinstance(part, ast.Name) and not is_seed(part.id):
                                outer[part.id] = why
                case ast.With(items=items):
                    for item in items:
                        if isinstance(item.optional_vars, ast.Name) and (why := self._outer(item.context_expr, outer)):
                            outer[item.optional_vars.id] = why
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
                    if why := self._outer(value, outer):
                        outer[name] = why

    def _clean(self, body: Sequence[ast.stmt], outer: dict[str, str]) -> bool:
        """Whether nothing is left of these statements."""
        left = 0
        for statement in body:
            if id(statement) in self.script.gone or id(statement) in self.script.kept:
                left += 1
                continue
            why = self._why(statement, outer)
            if why:
                self.taken[why].append(statement.lineno)
                self.script.remove(statement)
                continue
            blocks = [part for name in ("body", "orelse", "finalbody") if (part := getattr(statement, name, None))]
            blocks += [handler.body for handler in getattr(statement, "handlers", ())]
            emptied = [self._clean(block, outer) for block in blocks if isinstance(block, list)]
            if emptied and all(emptied) and not isinstance(statement, Function | ast.ClassDef):
                self.script.remove(statement)
                continue
            left += 1
            for block, is_empty in zip(blocks, emptied, strict=True):
                if is_empty and not self.script.is_elif(block[-1]):
                    self.script.replace_span(*self.script.span(block[-1]), "pass")
        return left == 0

    def _why(self, statement: ast.stmt, outer: dict[str, str]) -> str:
        """Why a statement can go; nothing where it may compute."""
        match statement:
            case ast.Import(names=names):
                return next((why for alias in names if (why := _LEFT_OUT.get(alias.name.partition(".")[0]))), "")
            case ast.ImportFrom(module=str(module)):
                return _LEFT_OUT.get(module.partition(".")[0], "")
            case ast.Expr(value=ast.Call() as call):
                arguments = [*call.args, *(word.value for word in call.keywords)]
                is_telling = read_dotted_name(call.func) == "print" or getattr(call.func, "attr", "") == "append"
                inner = [why for argument in arguments if (why := self._outer(argument, outer))] if is_telling else []
                return self._outer_call(call, outer) or next(iter(inner), "")
            case ast.Assign(targets=targets, value=value):
                is_plain = all(root_of(part) for target in targets for part in getattr(target, "elts", [target]))
                names = [part for target in targets for part in getattr(target, "elts", [target])]
                is_seeding = any(isinstance(part, ast.Name) and is_seed(part.id) for part in names)
                return self._outer(value, outer) if is_plain and not is_seeding else ""
        return ""

    def _outer_call(self, call: ast.Call, outer: dict[str, str]) -> str:
        """Why a call is of no use in a cell, by the name with which it begins."""
        if id(call) in self._reading:
            return ""
        root, last = root_of(call.func), read_dotted_name(call.func).rpartition(".")[2]
        modes = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
        if root == "open":
            return "files" if any(set(str(getattr(mode, "value", ""))) & set("wax") for mode in modes) else ""
        if read_dotted_name(call.func) in self.levels.parsers:
            return "the command line"
        if last in _NUMPY_FILES and root in ("np", "numpy"):
            return "files"
        return outer.get(root) or self._modules.get(root) or self._writers.get(read_dotted_name(call.func), "")

    def _is_reading(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in _READS and root_of(node) in {"np", "numpy", *self._modules}
        return isinstance(node, ast.Name) and node.id == "input"

    def _note_reading(self, node: ast.AST | None) -> None:
        """It reads what it was not given, and so does all around it."""
        while node is not None and id(node) not in self._reading:
            self._reading.add(id(node))
            node = self.script.parents.get(id(node))

    def _outer(self, node: ast.expr, outer: dict[str, str]) -> str:
        """Why a value is of no use in a cell; nothing where it may be computed."""
        if id(node) in self.script.gone:
            return ""
        match node:
            case ast.Name(id=name):
                return outer.get(name, "")
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.UnaryOp(operand=value):
                return "" if id(node) in self._reading else self._outer(value, outer)
            case ast.Call(func=function, args=arguments):
                if why := self._outer_call(node, outer):
                    return why
                is_harmless = read_dotted_name(function) in _HARMLESS or root_of(function) in ("np", "numpy")
                parts: Sequence[ast.expr] = arguments if is_harmless else ()
            case ast.BinOp(left=left, right=right):
                parts = (left, right)
            case ast.JoinedStr(values=values):
                parts = [part.value for part in values if isinstance(part, ast.FormattedValue)]
            case _:
                parts = ()
        return next((why for part in parts if (why := self._outer(part, outer))), "")

    def _drop_entries(self, node: ast.Dict, reasons: Sequence[str]) -> None:
        """Take the entries out of a written dict that have a reason to go."""
        spans = [
            (self.script.span(key or value)[0], self.script.span(value)[1])
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        for place, why in enumerate(reasons):
            if why:
                self.taken[why].append(node.values[place].lineno)
                self.script.gone.add(id(node.values[place]))
                start, end = spans[place]
                if any(not other for other in reasons[place + 1 :]):
                    end = spans[place + 1][0]
                elif place and not reasons[place - 1]:
                    start = spans[place - 1][1]
                self.script.replace_span(start, end, "")
