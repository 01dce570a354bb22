"""What an experiment's signed file tells a reader in its docstring, and the papers that it names."""

import ast
from collections.abc import Mapping

from axiom.domain.headlines.numbers import begin_sentence
from axiom.domain.links import is_approved, number_in, references_in, with_doubt
from axiom.reads.base.request import Answer, Reading
from axiom.signed import bundles
from axiom.signed.sources import parsed
from axiom.store.engine import blobs
from axiom.store.experiments import experiments
from axiom.store.findings import references

MATTERS = "Why it matters:"


def file_words(source: str) -> dict[str, str]:
    """Why anybody should want to know, and the docstring's first paragraph about the subject, by what they are.

    The question, its first line, is told elsewhere.
    """
    paragraphs = [" ".join(part.split()) for part in (ast.get_docstring(parsed(source)) or "").split("\n\n")[1:]]
    matters = next((part.removeprefix(MATTERS).strip() for part in paragraphs if part.startswith(MATTERS)), "")
    about = next((part for part in paragraphs if not part.startswith((MATTERS, "History:"))), "")
    return {"what it is about": about.replace("`", ""), "why it matters": begin_sentence(matters)}


def told_in_file(reading: Reading, experiment_id: int, name: str) -> dict[str, str]:
    """What the newest bundle's file says; nothing where none is published. A bundle never changes."""
    bundle = experiments.bundle_now(reading.db, experiment_id)
    if bundle is None:
        return {}

    def read() -> dict[str, str]:
        return file_words(source_in(bundle_files(reading, bundle.digest), name))

    return reading.memo.get_or_create(("words", bundle.digest), read)


def bundle_files(reading: Reading, digest: str) -> dict[str, bytes]:
    return bundles.contents(blobs.get(reading.db, reading.folder, digest))


def source_in(files: Mapping[str, bytes], name: str) -> str:
    """The experiment's own file among those of its bundle."""
    return files[bundles.experiment_path(name)].decode()


def papers(reading: Reading, reference: str) -> list[Answer]:
    """Each paper that a file names, with its address where the name holds one, and whether somebody has approved it."""
    approved = references.every_reference(reading.db) if reference else []
    return [
        {
            "text": with_doubt(paper, approved),
            "href": _address(number_in(paper)),
            "is_approved": is_approved(paper, approved),
        }
        for paper in references_in(reference)
    ]


def _address(number: str) -> str | None:
    if number.startswith("arXiv:"):
        return f"https://arxiv.org/abs/{number.removeprefix('arXiv:')}"
    return f"https://doi.org/{number}" if number else None
