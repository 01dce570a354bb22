"""What `scripts/translate` does: finds every sentence that is translated, and brings the catalogues up to date."""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "axiom"
LOCALE = SOURCE / "locale"
_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract"), ("**.txt", "jinja2.ext.babel_extract")]
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "mark": None,
    "ngettext": (1, 2),
    "translated": (1, (2, "c")),
}
_DATED = datetime(2026, 11, 25, tzinfo=UTC)  # of every template: else each run would change each catalogue
_FIELD = re.compile(r"%\(\w+\)s|%%")
_TAG = re.compile(r"</?[a-z][^>]*>")
_WIDTH = 120


def template() -> Catalog:
    """Every sentence that is translated, in English, with the files that say it."""
    made = Catalog(project="Axiom", creation_date=_DATED, charset="utf-8")
    options = {
        ending: {"encoding": "utf-8", "silent": "false", "newstyle_gettext": "true"} for ending, _ in _METHODS[1:]
    }
    messages = extract_from_dir(SOURCE, _METHODS, options, keywords=_KEYWORDS, directory_filter=lambda _: True)
    for file, _, sentence, _, context in sorted(messages, key=lambda message: (message[0], message[1])):
        made.add(sentence, locations=[(f"src/axiom/{file}", 0)], context=context)
    return made


def updated(code: str, sentences: Catalog) -> Catalog:
    """A language's catalogue with exactly these sentences; what is new has no translation yet."""
    file = po_of(code)
    if file.exists():
        with file.open("rb") as opened:
            made = read_po(opened, locale=code)
    else:
        made = Catalog(locale=code, charset="utf-8", revision_date=_DATED)
    made.update(sentences, no_fuzzy_matching=True, update_creation_date=True)
    made.header_comment = (
        f"# What volunteers read, in {made.locale.english_name}. Under the licence of Axiom, Apache-2.0."
    )
    made.project, made.version, made.msgid_bugs_address, made.fuzzy = "Axiom", "26", "", False
    made.last_translator, made.language_team = "", ""
    return made


def written(catalogue: Catalog) -> bytes:
    """The catalogue as its file has it."""
    po = io.BytesIO()
    write_po(po, catalogue, width=_WIDTH, ignore_obsolete=True, include_lineno=False)
    return po.getvalue()


def po_of(code: str) -> Path:
    """What translators of a language write."""
    return LOCALE / code / "LC_MESSAGES" / "axiom.po"


def codes() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/axiom.po"))


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is missing or wrong in a catalogue."""
    for message in catalogue:
        if not message.id:
            continue
        translations = _sentences(message.string)
        ids = _sentences(message.id)
        if not all(translations):
            yield f"missing: {ids[0]}"
        elif message.fuzzy:
            yield f"fuzzy: {ids[0]}"
        else:
            yield from _differs(ids, translations)


def _sentences(words: object) -> tuple[str, ...]:
    """One sentence, or those for one and for several, as a tuple."""
    return tuple(words) if isinstance(words, (tuple, list)) else (str(words or ""),)


def _differs(ids: tuple[str, ...], translations: tuple[str, ...]) -> Iterator[str]:
    """Is a field or a tag of the English words missing, or another one there? In any order."""
    for text in translations:
        for what, pattern in (("fields", _FIELD), ("tags", _TAG)):
            wanted = [sorted(set(pattern.findall(sentence))) for sentence in ids]
            if sorted(set(pattern.findall(text))) not in wanted:
                yield f"{what} differ: {text}"


def main() -> int:
    """Write the catalogues, or with --check say whether that would change one."""
    parser = argparse.ArgumentParser(
        prog="scripts/translate", description="Brings the catalogues up to date with the pages."
    )
    parser.add_argument("language", nargs="?", help="begin this language, by its code: es, pt_BR")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where something is to be done")
    options = parser.parse_args()
    wanted = codes()
    if options.language and options.language not in wanted:
        try:
            Locale.parse(options.language)
        except (UnknownLocaleError, ValueError):
            sys.stderr.write(f"{options.language} is no code of a language. Codes look like es or pt_BR.\n")
            return 2
        wanted.append(options.language)
    sentences, is_stale = template(), False
    for code in wanted:
        catalogue = updated(code, sentences)
        file, content = po_of(code), written(catalogue)
        if not file.exists() or file.read_bytes() != content:
            is_stale = True
            if not options.check:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        wrong = list(faults(catalogue))
        print(f"{code}: {len(sentences) - len(wrong)} of {len(sentences)} sentences are translated")
        for fault in wrong[:20]:
            print(f"  {fault:.110}")
    return int(options.check and is_stale)


if __name__ == "__main__":
    sys.exit(main())
