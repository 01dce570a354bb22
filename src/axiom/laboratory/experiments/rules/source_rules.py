"""May this text be an experiment's file? It is read and never run: G0, it declares one; G1, all it uses is allowed.

This catches honest mistakes and cheap attacks, with a sentence that helps. It holds nobody who is determined: Python
has more ways to everything than a list has lines. What holds is the sandbox in which a file runs that passed here.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping

from axiom.domain.preflights import Refusal
from axiom.laboratory.experiments.rules import allowed_names
from axiom.laboratory.experiments.rules.name_resolution import SourceFile, is_declaration
from axiom.limits import experiments as limits
from axiom.signed.sources import parse_source

_ENCODING = re.compile(r"(?=coding[:=][ \t]*([-\w.]+))")
_AS_READ = ("utf-8", "utf8", "utf_8")
_EXPERIMENT, _WRAP = "axiom.domain.experiments.Experiment", "axiom.domain.wrap.wrap"
_NAMES_OF_PYTHON = frozenset(dir(builtins))

_Found = Iterator[tuple[int, str]]  # the line, and what is wrong with it


def check_source(source: str | bytes, name: str) -> tuple[Refusal, ...]:
    """Everything that keeps this source from being the file of the experiment `name`; nothing when it may be tried."""
    if isinstance(source, bytes):
        try:
            source = source.decode()
        except UnicodeDecodeError as fault:
            line, byte = fault.object.count(b"\n", 0, fault.start) + 1, fault.object[fault.start]
            return (_unreadable(line, f"its byte {byte:#04x} begins no character of UTF-8. Write UTF-8"),)
    source = source.removeprefix("\ufeff")  # Python takes a file that begins with a byte-order mark
    if len(source) > limits.FILE_CHARACTERS:
        return (
            _unreadable(1, f"it has {len(source)} characters, and {limits.FILE_CHARACTERS} are enough for a question"),
        )
    for line, encoding in _encodings(source):
        if encoding.lower() not in _AS_READ:
            why = f"it names the encoding {encoding}, in which Python would read another text than this. Write UTF-8"
            return (_unreadable(line, why),)
    if "\0" in source:
        *above, before = source.partition("\0")[0].split("\n")
        why = f"a NUL, which is no character, follows `{before.strip()[-40:]}`. Delete it"
        return (_unreadable(len(above) + 1, why),)
    try:
        tree = parse_source(source)
    except SyntaxError as fault:
        return (_unreadable(fault.lineno or 1, fault.msg),)
    except (ValueError, MemoryError, RecursionError) as fault:
        return (_unreadable(1, str(fault) or "it is nested too deeply"),)
    file = SourceFile(tree)
    all_refusals = {Refusal(gate="G0", line=line, sentence=sentence) for line, sentence in _undeclared(file, name)}
    for check in _CHECKS:
        all_refusals |= {Refusal(gate="G1", line=line, sentence=sentence) for line, sentence in check(file)}
    return tuple(
        sorted(all_refusals, key=lambda refusal: (refusal.gate, refusal.line, refusal.sentence))[: limits.REFUSALS_TOLD]
    )


def _encodings(source: str) -> Iterator[tuple[int, str]]:
    """Every encoding that the first two lines name in a comment, wherever Python may look for one."""
    for number, line in enumerate(source.split("\n", 2)[:2], start=1):
        for match in _ENCODING.finditer(line.partition("#")[2]):
            yield number, match[1]


def _unreadable(line: int, why: str) -> Refusal:
    return Refusal(gate="G0", line=line, sentence=f"The file cannot be read as Python: {why}. Nothing of it was run.")


def _undeclared(file: SourceFile, name: str) -> _Found:
    made = _made(file)
    declared = [node for node in file.tree.body if is_declaration(node)]
    if len(made) != 1 or len(declared) != 1 or getattr(declared[0], "value", None) is not made[0]:
        line = declared[-1].lineno if declared else 1
        yield line, "The file must say `experiment = Experiment(…)` once, outside of functions: one file, one question."
        return
    (call,) = made
    keywords = {word.arg or "": word.value for word in call.keywords}
    if getattr(keywords.get("name"), "value", None) != name:
        yield call.lineno, f"The experiment must say name={name!r}, as its file is called: it is found by that word."
    if file.meanings(call.func) == {_WRAP}:
        yield from _unwrapped(file, call)
    else:
        yield from _incomplete(file, call.lineno, keywords)


def _made(file: SourceFile) -> list[ast.Call]:
    return [
        node for node in file.nodes if isinstance(node, ast.Call) and file.meanings(node.func) & {_EXPERIMENT, _WRAP}
    ]


def _unwrapped(file: SourceFile, call: ast.Call) -> _Found:
    function = file.functions.get(getattr(call.args[0], "id", "")) if call.args else None
    if function is None or "seed" not in {argument.arg for argument in function.args.args + function.args.kwonlyargs}:
        yield call.lineno, "`wrap` must get a function of this file that takes a seed: all chance comes from it."


def _incomplete(file: SourceFile, line: int, keywords: Mapping[str, ast.expr]) -> _Found:
    run = file.functions.get(getattr(keywords.get("run"), "id", ""))
    if run is None or len(run.args.posonlyargs + run.args.args) != 2:
        yield line, "`run` must be a function of this file that takes a config and a seed: it computes one cell."
    if file.flags(getattr(keywords.get("measures"), "id", "")) is None:
        yield line, "`measures` must name a dataclass of this file: its fields are what is stored of a cell."
    if "frozen" not in (file.flags("Config") or ()):
        at = file.classes["Config"].lineno if "Config" in file.classes else 1
        yield at, "The file needs a class Config, a dataclass with frozen=True: its fields are what a sweep varies."


def _imports(file: SourceFile) -> _Found:
    for node in file.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) in file.in_classes:
            yield (
                node.lineno,
                "A class must not import: what is taken from a module by way of a class is seen by nobody.",
            )
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _of_import(node.lineno, alias.name, "")
            case ast.ImportFrom(level=level) if level:
                yield (
                    node.lineno,
                    "A relative import finds nothing: an experiment stands alone. Name what it needs in full.",
                )
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    yield from _of_import(node.lineno, str(module), alias.name)


def _of_import(line: int, module: str, name: str) -> _Found:
    whole = f"{module}.{name}" if name else module
    if name == "*":
        yield line, f"`from {module} import *` hides where a name comes from: import what is used, by name."
    elif module.startswith("axiom.catalogue"):
        yield line, f"{module} is another experiment and does not travel with this one: write here what it needs."
    elif not (_is_module(module) or _is_module(whole)):
        yield line, f"{module} cannot be imported in a cell: it may use {allowed_names.IN_SHORT} alone."
    elif why := _objection(whole) if name else "":
        yield line, f"{whole} is not allowed: {why}."


def _is_module(meaning: str) -> bool:
    return meaning in allowed_names.MODULES or allowed_names.KIT.fullmatch(meaning) is not None


def _objection(meaning: str) -> str:
    """Why this full name may not be used, or nothing. The longest entry of the table counts."""
    parts = meaning.split(".")
    beginnings = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    for beginning in beginnings:
        if beginning in allowed_names.FORBIDDEN:
            return allowed_names.FORBIDDEN[beginning]
    module = next((beginning for beginning in beginnings if _is_module(beginning)), parts[0])
    inside = parts[module.count(".") + 1 :]
    is_foreign = parts[0] in allowed_names.PYTHON and any(
        part in allowed_names.PYTHON and part != module for part in inside
    )
    is_behind = is_foreign or any(part in allowed_names.BEHIND or part.startswith("_") for part in inside)
    return allowed_names.INSIDE if is_behind else ""


def _names(file: SourceFile) -> _Found:
    """Names of Python itself, and modules that are handed on."""
    called = {id(node.func) for node in file.nodes if isinstance(node, ast.Call)}
    for node in file.nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and _is_dunder(node.id):
            yield node.lineno, f"`{node.id}` is not allowed: {allowed_names.INSIDE}."
    for node in file.read_names():
        if _is_dunder(node.id):
            yield node.lineno, f"`{node.id}` is not allowed: {allowed_names.INSIDE}."
        elif node.id in allowed_names.BUILTINS:
            yield node.lineno, f"`{node.id}` is not allowed: {allowed_names.BUILTINS[node.id]}."
        elif node.id == "getattr" and id(node) not in called:
            yield node.lineno, "`getattr` must be called where it stands, with a name that can be read."
        elif id(node) not in file.bases:
            yield from _of_module(node, file)


def _of_module(node: ast.expr, file: SourceFile) -> _Found:
    """Nobody sees what is taken from a module that goes by another name."""
    for meaning in file.meanings(node):
        if _is_module(meaning) or meaning == "axiom":
            yield node.lineno, f"The module {meaning} must not be handed on: name what is used of it."


def _attributes(file: SourceFile) -> _Found:
    for node in file.nodes:
        if isinstance(node, ast.MatchClass):
            for name in node.kwd_attrs:
                yield from _of_attribute(node.lineno, name)
        if not isinstance(node, ast.Attribute):
            continue
        yield from _of_attribute(node.lineno, node.attr)
        if id(node) in file.bases:
            continue
        yield from _of_module(node, file)
        for meaning in file.meanings(node):
            why = _objection(meaning) or ("" if isinstance(node.ctx, ast.Load) else allowed_names.STAYS)
            if why:
                yield node.lineno, f"{meaning} is not allowed: {why}."


def _of_attribute(line: int, name: str) -> _Found:
    if (_is_dunder(name) and name not in allowed_names.HARMLESS) or name in allowed_names.FRAMES:
        yield line, f"`.{name}` is not allowed: it is the inside of Python, and an experiment needs none of it."
    if name in allowed_names.FORMATS:
        yield line, f"`.{name}` is not allowed: it reads attributes that are named in a text. Write an f-string."
    if name in allowed_names.TO_FILES:
        yield line, f"`.{name}` is not allowed: {allowed_names.FILES}."
    if name in allowed_names.TO_MEMORY:
        yield line, f"`.{name}` is not allowed: {allowed_names.INSIDE}."


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _calls(file: SourceFile) -> _Found:
    """Seeds that are none, and attributes whose name cannot be read."""
    for node in file.nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "getattr":
            name = str(getattr(node.args[1], "value", "")) if len(node.args) > 1 else ""
            if not re.fullmatch(r"[a-z]\w*", name):
                yield (
                    node.lineno,
                    "`getattr` must say the attribute's name as a word, and no private one: write it out.",
                )
            yield from _of_attribute(node.lineno, name)
        if file.meanings(node.func) & allowed_names.SEEDED and _is_constant(file, node):
            yield (
                node.lineno,
                "This seed is a constant, so all replicates would be one and the same: pass the seed of run.",
            )


def _is_constant(file: SourceFile, call: ast.Call) -> bool:
    """Is the seed of this call the same in every cell?"""
    arguments = [*call.args[:1], *(word.value for word in call.keywords if word.arg in ("seed", None))]
    used = {node.id for seed in arguments for node in ast.walk(seed) if isinstance(node, ast.Name)}
    return not (used - file.constants - _NAMES_OF_PYTHON)


def _statements(file: SourceFile) -> _Found:
    for node in file.nodes:
        if isinstance(node, ast.Global):
            yield node.lineno, "`global` is not allowed: what a cell leaves behind would change the next. Return it."
    bodies = [file.tree.body, *(node.body for node in file.at_import() if isinstance(node, ast.ClassDef))]
    for statement in (statement for body in bodies for statement in body):
        if not _defines(statement, file):
            yield statement.lineno, "Outside of functions a file may only define: this would run when it is imported."


def _defines(statement: ast.stmt, file: SourceFile) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case ast.If(test=test, body=body, orelse=[]) if file.meanings(test) == {"typing.TYPE_CHECKING"}:
            return all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    return isinstance(statement, kinds)


def _import_calls(file: SourceFile) -> _Found:
    """Whatever is called when the file is imported, decorators included."""
    for node in file.at_import():
        called: list[ast.expr] = [node.func] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            called = [mark for mark in node.decorator_list if not isinstance(mark, ast.Call)]
        for function in called:
            if not _may_be_called_at_import(function, file):
                what = ", ".join(sorted(file.meanings(function))) or getattr(function, "id", "what was made just now")
                yield function.lineno, f"{what} is called when the file is imported: call it within run."


def _may_be_called_at_import(called: ast.expr, file: SourceFile) -> bool:
    if meanings := file.meanings(called):
        return all(allowed_names.AT_IMPORT.fullmatch(meaning) for meaning in meanings)
    if isinstance(called, ast.Name):
        return called.id in allowed_names.PURE or called.id not in _NAMES_OF_PYTHON
    return isinstance(called, ast.Attribute)  # a method of a value, like "a b".split


def _peeks(file: SourceFile) -> _Found:
    """Whoever computes before a cell is asked for could tell in a declaration what will be measured."""
    handed = [argument for call in _made(file) if file.meanings(call.func) == {_WRAP} for argument in call.args[:1]]
    handed += [word.value for call in _made(file) for word in call.keywords if word.arg == "run"]
    later, cells = {id(argument) for argument in handed}, {getattr(argument, "id", "") for argument in handed}
    for node in file.before_any_cell(without=later, is_named_enough=True):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in cells:
            yield node.lineno, f"`{node.id}` computes a cell, and a file must not compute one to say what it declares."
    for node in file.before_any_cell(is_named_enough=False):
        for meaning in file.meanings(node):
            if allowed_names.OF_CHANCE.fullmatch(meaning):
                yield (
                    getattr(node, "lineno", 1),
                    f"{meaning} is used when the file is imported or asked what it needs: draw in a function that run "
                    "calls.",
                )


def _annotations(file: SourceFile) -> _Found:
    """A type that is text is evaluated by whoever looks at it."""
    annotations = [getattr(node, where, None) for node in file.nodes for where in ("annotation", "returns")]
    texts = [node for part in annotations if part for node in ast.walk(part) if isinstance(node, ast.Constant)]
    for node in texts:
        if isinstance(node.value, str) and not allowed_names.PLAIN_TYPE.fullmatch(node.value):
            yield node.lineno, f"This annotation is no type: {allowed_names.TEXT}."


_CHECKS: tuple[Callable[[SourceFile], _Found], ...] = (
    *(_imports, _names, _attributes, _calls, _statements, _import_calls, _peeks, _annotations),
)
