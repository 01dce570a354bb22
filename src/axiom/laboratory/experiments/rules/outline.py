"""What does a module offer whoever writes an experiment? Read from its source; nothing of it is imported or run."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicName:
    """A function, a class, a method or a constant that has words of its own."""

    name: str
    signature: str
    about: str  # the first paragraph of its words, as one line


def first_paragraph(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> str:
    """The first paragraph of a docstring, as one line."""
    return _paragraph(ast.get_docstring(node) or "")


def public_names(tree: ast.Module) -> Iterator[PublicName]:
    """What a module offers, in its order; a class with its fields, and behind it its methods."""
    for node, words in pairwise([*tree.body, ast.Pass()]):
        match node:
            case ast.FunctionDef(name=name) if _is_public(name):
                yield PublicName(name=name, signature=_call(node), about=first_paragraph(node))
            case ast.ClassDef(name=name) if _is_public(name):
                fields = ", ".join(_fields(node.body))
                signature = f"class {name}({fields})" if fields else f"class {name}"
                yield PublicName(name=name, signature=signature, about=first_paragraph(node))
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and _is_public(method.name):
                        call = f"{name}.{_call(method, of_class=True)}"
                        yield PublicName(name=f"{name}.{method.name}", signature=call, about=first_paragraph(method))
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if _is_public(name):
                match words:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield PublicName(name=name, signature=name, about=_paragraph(text))


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _paragraph(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())


def _fields(body: Sequence[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if _is_public(name):
                yield ast.unparse(node)


def _call(node: ast.FunctionDef, *, of_class: bool = False) -> str:
    """How it is called, and what comes back; a method without the object that it is called on."""
    words = ast.unparse(node.args)
    if of_class:
        words = words.partition(", ")[2]
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({words}){returned}"
