"""The project's documents, as they are installed with the program: links to `docs/` in a checkout."""

from functools import cache
from pathlib import Path

import axiom
from axiom.errors import NotFound
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading

_FOLDER = Path(axiom.__file__).parent / "documents"
_SHELVES = {
    "tutorial": "Begin",
    "howto": "How to",
    "explanation": "Why it is so",
    "measurements": "What was measured",
    "reference": "Look it up",
}


@cache
def read_documents() -> dict[str, str]:
    """The text of each by its path, as in `howto/plan.md`. Nothing else can be asked for."""
    files = sorted(_FOLDER.rglob("*.md"))
    return {file.relative_to(_FOLDER).as_posix(): file.read_text(encoding="utf-8") for file in files}


@page_at("/docs", "documents.html")
def documents_page(_reading: Reading) -> Answer:
    """Every document with its title."""
    titles = {path: _title_of(text) for path, text in read_documents().items()}
    return {
        "shelves": [
            {
                "name": name,
                "documents": [
                    {"path": path, "title": title}
                    for path, title in titles.items()
                    if path.startswith(f"{folder}/") and not path.endswith("/README.md")
                ],
            }
            for folder, name in _SHELVES.items()
        ]
    }


@page_at("/docs/{path:path}", "document.html")
def document_page(_reading: Reading, path: str) -> Answer:
    """One of them, as its authors wrote it."""
    text = read_documents().get(path)
    if text is None:
        raise NotFound(f"There is no document {path} here; /docs lists them.")
    return {"document": {"path": path, "title": _title_of(text), "text": text}}


def _title_of(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")
