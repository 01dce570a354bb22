"""A plain script as text and tree: read with limits, never run, and changed at places of its tree alone."""

import ast
import bisect
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from axiom.errors import ExperimentError, NotFound, Refused
from axiom.limits import experiments as limits
from axiom.signed.sources import parse_source

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def read_script(path: Path) -> str:
    """The text of a script in whatever encoding it names, if it is a file of bearable length."""
    if not path.is_file():
        raise NotFound(f"There is no script {path}. Nothing was written.")
    try:
        with path.open("rb") as file:
            raw = file.read(4 * limits.FILE_CHARACTERS + 1)
    except OSError as fault:
        raise NotFound(f"The script {path} cannot be read: {fault.strerror}. Nothing was written.") from None
    if b"\0" in raw:
        raise ExperimentError(f"{path} is no text but a binary file. Nothing was written; name the script itself.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as fault:
        raise ExperimentError(
            f"{path} cannot be read as text: {fault}. Nothing was written; save it as UTF-8."
        ) from None
    if len(text) > limits.FILE_CHARACTERS:
        raise Refused(
            f"{path} has more than {limits.FILE_CHARACTERS} characters, the most that an experiment's file may have. "
            "Nothing was written; take its data out of it, or import its parts one by one."
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


class ScriptText:
    """The text with its tree. Edits name nodes; what an edit takes away or replaces is `gone` and read no more."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = parse_source(source)
        self.lines = source.split("\n")
        self.parents = {id(child): node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.gone = set[int]()
        self.kept = set[int]()  # statements that stay, whatever they do
        self._edits: dict[int, tuple[int, str]] = {}  # by their beginnings
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where it begins and ends in the text, decorators included."""
        first: Any = next(iter(getattr(node, "decorator_list", ())), node)
        last: Any = node
        start = self._offset(first.lineno, first.col_offset) - (first is not node)
        return start, self._offset(last.end_lineno, last.end_col_offset)

    def start(self, node: ast.stmt | ast.expr) -> int:
        """Where it begins, its decorators left aside."""
        return self._offset(node.lineno, node.col_offset)

    def _offset(self, line: int, column: int) -> int:
        text = self.lines[line - 1]
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))

    def replace(self, node: ast.AST, text: str) -> None:
        self.gone.add(id(node))
        self.replace_span(*self.span(node), text)

    def replace_span(self, start: int, end: int, text: str) -> None:
        """Of two edits that begin together the wider one is done, and of two alike the later."""
        before, _ = self._edits.get(start, (0, ""))
        if end >= before or text == "pass":
            self._edits[start] = (max(end, before), text)

    def is_elif(self, node: ast.AST) -> bool:
        return self.source.startswith("elif", self.span(node)[0])

    def remove(self, statement: ast.stmt) -> None:
        """Take a statement away with what separates it from the next one in its line."""
        self.gone.add(id(statement))
        start, end = self.span(statement)
        follows = re.compile(r"[ \t]*;[ \t]*|[ \t]*#.*").match(self.source, end)
        self.replace_span(start, follows.end() if follows else end, "")

    def is_gone(self, node: ast.AST | None) -> bool:
        """Did an edit take it away, or something around it?"""
        while node is not None and id(node) not in self.gone:
            node = self.parents.get(id(node))
        return node is not None

    def live(self, *nodes: ast.AST, whole: bool = True) -> Iterator[ast.AST]:
        """These and all below them that no edit took away; not `whole`: nothing of functions and classes within."""
        tops = set(map(id, nodes))
        waiting = [node for node in reversed(nodes) if id(node) not in self.gone]
        while waiting:
            node = waiting.pop()
            yield node
            if whole or id(node) in tops or not isinstance(node, _SCOPES):
                children = [child for child in ast.iter_child_nodes(node) if id(child) not in self.gone]
                waiting += reversed(children)

    def edited(self) -> list[tuple[int, str]]:
        """The lines that are left after all edits, each with its number in the script."""
        pieces, numbers, at = list[str](), [1], 0
        for start, (end, text) in sorted(self._edits.items()):
            if start < at:
                continue  # within what is gone already
            self._keep(at, start, pieces, numbers)
            pieces.append(text)
            at = end
        self._keep(at, len(self.source), pieces, numbers)
        left = zip(numbers, "".join(pieces).split("\n"), strict=True)
        return [(number, line) for number, line in left if line.strip() or not self.lines[number - 1].strip()]

    def _keep(self, start: int, end: int, pieces: list[str], numbers: list[int]) -> None:
        pieces.append(self.source[start:end])
        line = bisect.bisect_right(self._starts, start)
        numbers += range(line + 1, line + 1 + self.source.count("\n", start, end))


def names_read(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def root_of(node: ast.AST) -> str:
    """The name with which `a.b[c].d(e)` begins, if it begins with one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def read_dotted_name(node: ast.AST) -> str:
    """`a.b.c` as it is written; nothing for anything else."""
    parts = list[str]()
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([node.id, *parts]) if isinstance(node, ast.Name) else ""
