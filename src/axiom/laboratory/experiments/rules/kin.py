"""Do two files compute the same, however they are disguised? And was a forecast made before any such file was run?

A file is taken apart into its expressions, each seen three levels deep, without names, words, numbers and the order of
keywords: what remains is which operations and functions of which libraries are put together how. To rename, reorder,
renumber and reword changes no part, and to move one into a function of its own changes only those around it. The work
grows with the length of a text, whatever stands in it.
"""

import ast
import builtins
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from axiom.domain.headlines.numbers import join_words
from axiom.domain.preflights import Code, KinRun, Kinship, StoredDraft, select_draft_runs
from axiom.domain.registrations import BLIND
from axiom.laboratory.experiments.rules.name_resolution import SourceFile, is_declaration
from axiom.limits import experiments as limits

UNKNOWN = "informed, as far as is known: nobody has looked for its kin"
_LEVELS = 3
_LEAST = 6  # nodes of an expression that counts: smaller ones are in every file
_WORDLESS = ("ctx", "type_comment", "kind")
_TYPES = ("annotation", "returns")  # that count where they do more than name a type
_NAMING = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp)
_DECLARING = ("axiom.domain.", "dataclasses.")  # whose calls say what a file is, and compute nothing
_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)
_REPEATING = (ast.For, ast.While, ast.NamedExpr, ast.Mod, ast.BitXor, ast.MatMult)  # by which chance is made
_FOLDING = {"functools.reduce", "itertools.accumulate"}
_BASIS = 2**64
_BUILTINS = frozenset(dir(builtins))


def outline_code(text: str, *, is_shipped: bool = False) -> Code:
    """What a text computes. One that cannot be read computes nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Code(parts=frozenset(), is_shipped=is_shipped)
    outline = _Outline(tree)
    return Code(
        parts=frozenset(outline.parts.values()),
        fields=_fields(tree),
        is_readable=outline.is_readable and not _computes_early(tree),
        is_shipped=is_shipped,
    )


def find_kinship(own: Code, other: Code, usual: Mapping[int, int]) -> Kinship | None:
    """Whether two texts are kin, and why. `usual`: in how many of the experiments that Axiom brings along a part is."""
    shared = own.parts & other.parts
    share = len(shared) / max(1, min(len(own.parts), len(other.parts)))
    themselves = own.is_shipped + other.is_shipped
    rare = sum(usual.get(part, 0) <= themselves for part in shared)
    if own.parts == other.parts and own.parts:
        return Kinship(share=1.0, reason="its code is the same but for names, words and numbers")
    if share >= limits.KIN_SHARE and len(shared) >= limits.KIN_PARTS:
        return Kinship(
            share=share, reason=f"{100 * share:.0f} % of its code is the same but for names, words and numbers"
        )
    if rare >= limits.KIN_RARE_PARTS:
        return Kinship(share=share, reason=f"they share {rare} parts that no experiment of Axiom's own has")
    if own.fields and own.fields == other.fields:
        return Kinship(share=share, reason="it measures the same over the same factors")
    if share >= limits.KIN_SHARE_OF_AUTHOR and len(shared) >= limits.KIN_PARTS:
        reason = f"{100 * share:.0f} % of its code is the same, and so is its author"
        return Kinship(share=share, reason=reason, of_author=True)
    return None


def why_informed(
    runs: Collection[KinRun], mends: str = "", unread: Sequence[str] = (), *, ran: str = "", is_readable: bool = True
) -> str:
    """Why a forecast is informed: these of its kin were run before it was sealed. Nothing where none was.

    `mends`: the published version of its name. A control of a mended text may be its comparison, so it is never blind.
    `unread`: versions that ran and may be kin, since nobody knows what they compute. `ran`: what a mark beside the
    file says. What is not readable may compute anything, so that nobody can look for its kin.
    """
    drafts = select_draft_runs(runs)
    numbers = [str(run.draft) for run in drafts]
    parts = []
    if drafts:
        times = "an earlier try" if len(drafts) == 1 else f"{len(drafts)} earlier tries"
        parts.append(f"{times} of its kin, {'draft' if len(drafts) == 1 else 'drafts'} {_listed(numbers)}")
    names = dict.fromkeys(run.name for run in runs if run.draft is None)
    if computed := [name for name in names if "@" in name]:
        parts.append(f"what was computed of {_listed(computed)}")
    if shipped := [name for name in names if "@" not in name]:
        parts.append(f"what Axiom's own {_listed(shipped)} says of its pilots")
    if ran:
        parts.append(ran)
    if mends and not parts:
        parts.append(f"{mends}, whose place it takes")
    if unread and not parts:
        return f"informed, as far as is known: nobody has read what {_listed(unread)} computes"
    if not is_readable and not parts:
        return "informed, as far as is known: what it computes cannot be read in its text"
    return f"informed by {' and by '.join(parts)}" if parts else ""


def forecast_in_words(informed: str | None, would_be: str = "") -> str:
    """Whether a forecast is blind, and why, in words; before that is decided: whether it would be, were it so now."""
    reason = UNKNOWN if informed is None else informed or BLIND
    return f"were it {would_be} now, {reason}" if would_be else reason


def draft_forecast_in_words(draft: StoredDraft, informed: str | None) -> str:
    """The same of a draft; of a refused text nothing, as nobody looks for its kin."""
    return "" if draft.refusals else forecast_in_words(informed, "" if draft.ordered_at else "tried")


def _listed(words: Sequence[str]) -> str:
    shown = list(words[: limits.KIN_NAMED])
    if more := len(words) - len(shown):
        shown.append(f"{more} more")
    return join_words(shown)


class _Outline:
    """The expressions of what is computed, seen so many levels deep; what only declares or names is no part of that."""

    def __init__(self, tree: ast.Module) -> None:
        self._imported = dict(_imported(tree))
        self._nodes, self._children = self._flat(tree)
        self._sizes = [1] * len(self._nodes)
        self._walked = [node for part in _below(tree) if not is_declaration(part) for node in _walked(part)]
        self.parts = dict(self._hashed())

    @property
    def is_readable(self) -> bool:
        """Are there parts enough for what it does? Single steps and data that a machine of its own reads are none."""
        written = sum(len(str(node.value)) for node in self._walked if isinstance(node, ast.Constant))
        parts, functions = set(self.parts.values()), [self._inside(node) for node in self._places(_FUNCTIONS)]
        return (
            written <= limits.KIN_WRITTEN * max(limits.KIN_PARTS, len(parts))
            and not any(map(_reads_words, self._walked))
            and _has_enough(len(self._walked), parts)
            and all(_has_enough(len(inside), {self.parts.get(node) for node in inside}) for inside in functions)
        )

    def _places(self, kinds: tuple[type[ast.AST], ...]) -> list[int]:
        return [place for place, node in enumerate(self._nodes) if isinstance(node, kinds)]

    def _inside(self, place: int) -> range:
        return range(place, place + self._sizes[place])

    def _hashed(self) -> Iterator[tuple[int, int]]:
        """Each part, by the place of its node."""
        marks: dict[str, int] = {}
        bases: dict[ast.expr, ast.expr] = {}
        hashes: list[list[int]] = [[] for _ in self._nodes]
        for place in range(len(self._nodes) - 1, -1, -1):  # children come after their parents
            node, below = self._nodes[place], self._children[place]
            self._sizes[place] = 1 + sum(self._sizes[child] for child in below)
            label = _mark(_label(node, self._imported, bases), marks)
            levels = [label]
            for level in range(_LEVELS):
                mixed = [hashes[child][level] for child in below]
                if isinstance(node, ast.Call):  # whose arguments by name have no order
                    named = sum(isinstance(self._nodes[child], ast.keyword) for child in below)
                    mixed[len(mixed) - named :] = sorted(mixed[len(mixed) - named :])
                levels.append(_mixed(label, mixed))
            hashes[place] = levels
            if isinstance(node, (ast.expr, *_STATEMENTS)) and self._sizes[place] >= _LEAST:
                yield place, levels[-1]

    def _flat(self, tree: ast.Module) -> tuple[list[ast.AST], list[list[int]]]:
        """The nodes that count, each before those below it, and the places of these."""
        nodes: list[ast.AST] = []
        children: list[list[int]] = []
        waiting: list[tuple[ast.AST, int]] = [(node, -1) for node in reversed(_below(tree))]
        while waiting:
            node, parent = waiting.pop()
            if self._declares(node):
                waiting += [(child, -1) for child in _below(node) if not _names_only(child)][::-1]
                continue
            if parent >= 0:
                children[parent].append(len(nodes))
            place = len(nodes)
            nodes.append(node)
            children.append([])
            waiting += [(child, place) for child in _below(node)][::-1]
        return nodes, children

    def _declares(self, node: ast.AST) -> bool:
        """Is it an import, or a call that declares, of which the arguments alone may compute?"""
        if isinstance(node, ast.Import | ast.ImportFrom):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        return isinstance(called, ast.Name) and self._imported.get(called.id, "").startswith(_DECLARING)


def _below(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return []  # a number below 0
    below = []
    for name, content in ast.iter_fields(node):
        parts = content if isinstance(content, list) else [content]
        if name not in _WORDLESS and not (name in _TYPES and _names_only(content)):
            below += [part for part in parts if isinstance(part, ast.AST) and not isinstance(part, _OPERATORS)]
    return [part for part in below if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]


def _names_only(node: ast.AST) -> bool:
    """Does it only name a type, or write down data?"""
    if isinstance(node, ast.keyword):
        return _names_only(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _names_only(node.left) and _names_only(node.right)
    return isinstance(node, _NAMING) and all(_names_only(part) for part in _below(node))


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, without words that nobody reads."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += _below(node)


def _has_enough(steps: int, parts: Collection[int | None]) -> bool:
    return steps < limits.KIN_STEPS or steps <= limits.KIN_STEPS_OF_PART * len(parts)


def _computes_early(tree: ast.Module) -> bool:
    """Could it find out what it declares, by steps that repeat before a cell is asked for? Then nothing is sealed."""
    file = SourceFile(tree)
    return any(
        isinstance(node, _REPEATING) or file.meanings(node) & _FOLDING
        for node in file.before_any_cell(is_named_enough=False)
    )


def _reads_words(node: ast.AST) -> bool:
    """Does it look at what the file says of itself? That could be a text that it computes from."""
    return getattr(node, "id", "") == "experiment" or getattr(node, "attr", "") == "__doc__"


def _label(node: ast.AST, imported: Mapping[str, str], bases: dict[ast.expr, ast.expr]) -> str:
    """What a node does: its operators, and of names those that its author does not choose.

    `bases`: with what each attribute below it begins.
    """
    kind = type(node).__name__
    match node:
        case ast.Name():
            return f"{kind} {imported.get(node.id) or (node.id if node.id in _BUILTINS else '')}"
        case ast.Attribute():
            base = bases[node] = bases.get(node.value, node.value)
            return f"{kind} {node.attr if isinstance(base, ast.Name) and base.id in imported else ''}"
        case ast.UnaryOp(operand=ast.Constant()):
            return "Constant"
        case ast.Compare():
            return f"{kind} {' '.join(type(operator).__name__ for operator in node.ops)}"
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp() | ast.UnaryOp():
            return f"{kind} {type(node.op).__name__}"
    return kind


def _mark(label: str, marks: dict[str, int]) -> int:
    if label not in marks:
        marks[label] = int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "big")
    return marks[label]


def _mixed(label: int, below: list[int]) -> int:
    """A number for a node and what is below it, the same on every computer."""
    mixed = label
    for number in below:
        mixed = ((mixed ^ number) * 0x9E3779B97F4A7C15 + 0x7F4A7C15) % _BASIS
        mixed ^= mixed >> 29
    return mixed


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _fields(tree: ast.Module) -> str:
    """The names of all factors and measures, whatever their order and whatever its classes are called."""
    names = sorted(
        field.target.id
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    )
    if len(names) < limits.KIN_FIELDS:
        return ""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
