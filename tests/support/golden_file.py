"""The wording of pages and commands, each in one file: who changes words reads the change there and nowhere else.

`scripts/test tests/web tests/cli --write-golden` writes the files anew.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from axiom import __version__

_UNSEEN = {"head", "script", "style", "svg", "template"}
_SPOKEN = ("aria-label", "alt", "title", "placeholder")  # attributes that somebody reads or hears
_INLINE = {"a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "small", "span", "strong", "sub", "sup", "time", "wbr"}
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# What differs between two laboratories that are alike.
_DRAWN = re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}\b")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write the files of wording anew")


@pytest.fixture
def same_words(request):
    """Compares a text with the file of that name beside the test, or writes it."""
    place = Path(request.path).parent / "golden"

    def same_words(name: str, text: str) -> None:
        text = _DRAWN.sub("(digest)", text.replace(__version__, "(version)")).rstrip() + "\n"
        file, filled = place / f"{name}.txt", place / f"{name.removeprefix('empty/')}.txt"
        if not file.exists() and filled.exists() and filled.read_text(encoding="utf-8") == text:
            return  # an empty laboratory says the same as any other
        if request.config.getoption("--write-golden"):
            file.write_text(text, encoding="utf-8")
        kept = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text == kept, f"the words of {name} changed; if they should, run with --write-golden and read the change"

    return same_words


def seen(page: str, *, whole: bool = False) -> str:
    """What a reader of a page sees or hears, one line for each block: of its main part, or of all of it."""
    reader = _Reader()
    main = re.search("(?s)<main.*</main>", page)
    reader.feed(page if whole or main is None else main[0])
    lines = (" ".join(line.split()) for line in "".join(reader.text).splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._hidden = 0

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that holds nothing."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden or tag in _UNSEEN:
            self._hidden += tag not in _VOID
            return
        if tag == "span" or tag not in _INLINE:
            self.text.append(" " if tag in ("span", "td", "th") else "\n")
        self.text += [f" [{value}] " for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= self._hidden > 0
        if tag not in _INLINE and not self._hidden:
            self.text.append(" | " if tag in ("td", "th") else "\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(re.sub(r"\s+", " ", data))
