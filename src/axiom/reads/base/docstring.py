"""What an experiment's signed file tells a reader in its docstring, and the papers that it names."""

import ast
from collections.abc import Mapping

from axiom.domain.headlines.numbers import begin_sentence
from axiom.domain.links import is_approved, mark_unapproved, reference_number, references_in
from axiom.reads.base.request import Answer, Reading
from axiom.signed import bundles
from axiom.signed.sources import parse_source
from axiom.store.engine import blobs
from axiom.store.experiments import experiments
from axiom.store.findings import references

MATTERS = "Why it matters:"


def read_docstring_words(source: str) -> dict[str, str]:
    """Why anybody should want to know, and the docstring's first paragraph about the subject, by what they are.

    The question, its first line, is told elsewhere.
    """
    paragraphs = [" ".join(part.split()) for part in (ast.get_docstring(parse_source(source)) or "").split("\n\n")[1:]]
    matters = next((part.removeprefix(MATTERS).strip() for part in paragraphs if part.startswith(MATTERS)), "")
    about = next((part for part in paragraphs if not part.startswith((MATTERS, "History:"))), "")
    plain = about.replace("`", "").replace("_", " ")  # a name of Python is told by its words
    return {"what it is about": plain, "why it matters": begin_sentence(matters)}


def read_bundle_docstring(reading: Reading, experiment_id: int, name: str) -> dict[str, str]:
    """What the newest bundle's file says; nothing where none is published. A bundle never changes."""
    bundle = experiments.find_newest_bundle(reading.db, experiment_id)
    if bundle is None:
        return {}

    def read() -> dict[str, str]:
        return read_docstring_words(experiment_source(bundle_files(reading, bundle.digest), name))

    return reading.memo.get_or_create(("words", bundle.digest), read)


def bundle_files(reading: Reading, digest: str) -> dict[str, bytes]:
    return bundles.read_bundle_files(blobs.read_blob(reading.db, reading.folder, digest))


def experiment_source(files: Mapping[str, bytes], name: str) -> str:
    """The experiment's own file among those of its bundle."""
    return files[bundles.experiment_path(name)].decode()


def describe_papers(reading: Reading, reference: str) -> list[Answer]:
    """Each paper that a file names, with its address where the name holds one, and whether somebody has approved it."""
    approved = references.list_approved_references(reading.db) if reference else []
    return [
        {
            "text": mark_unapproved(paper, approved),
            "href": _address(reference_number(paper)),
            "is_approved": is_approved(paper, approved),
        }
        for paper in references_in(reference)
    ]


def _address(number: str) -> str | None:
    if number.startswith("arXiv:"):
        return f"https://arxiv.org/abs/{number.removeprefix('arXiv:')}"
    return f"https://doi.org/{number}" if number else None
