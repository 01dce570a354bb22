"""Reads what translators write: the sentences of a language from its file `axiom.po`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from gettext import c2py

_LINE = re.compile(r'(?:(\w+(?:\[\d+\])?) )?(".*")$')
_PLURAL = re.compile(r"plural=([^;]+)")


class Catalogue:
    """Every sentence of a language that has been translated, by its English words and its context."""

    def __init__(self, text: str) -> None:
        self._words: dict[tuple[str, str], tuple[str, ...]] = {}
        for entry in _entries(text):
            forms = tuple(words for name, words in entry.items() if name.startswith("msgstr"))
            if all(forms) and "fuzzy" not in entry:
                self._words[entry.get("msgctxt", ""), entry["msgid"]] = forms
        rule = _PLURAL.search(self._words["", ""][0])
        self._form: Callable[[int], int] = c2py(rule[1] if rule else "n != 1")

    def translated(self, sentence: str, context: str = "") -> str:
        """The sentence in this language, or the same where it lacks it."""
        return self._words.get((context, sentence), (sentence,))[0]

    def counted(self, singular: str, many: str, amount: int) -> str:
        forms = self._words.get(("", singular))
        if forms is None:
            return singular if amount == 1 else many
        return forms[self._form(amount)]


def _entries(text: str) -> Iterator[Mapping[str, str]]:
    """The fields of each entry, also whether a translator is unsure; other comments and what is obsolete stay out."""
    entry: dict[str, str] = {}
    field = ""
    for line in (*text.splitlines(), ""):
        match = _LINE.match(line)
        if match is not None:
            field = match[1] or field
            entry[field] = entry.get(field, "") + json.loads(match[2])
        elif line.startswith("#,") and "fuzzy" in line:
            entry["fuzzy"] = line
        elif "msgid" in entry and not line.strip():
            yield entry
            entry = {}
