"""Which languages are there, which one does somebody ask for, and what is a sentence in it?

A sentence is known by its English words. Whoever answers says in which language with `speaking`; until it ends, the
functions here translate into that one. Without it they speak English.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cache, lru_cache, partial
from importlib import resources
from typing import ParamSpec, TypeVar

from axiom.locale.accept_header import read_weights
from axiom.locale.catalogue import Catalogue

ENGLISH = "en"
_DOMAIN = "axiom"
_LONGEST = 256  # characters of what a browser or a client says it prefers; a longer list is nobody's
_KEPT = 512  # such lists that are remembered
P = ParamSpec("P")
T = TypeVar("T")
_spoken: ContextVar[str] = ContextVar("axiom_language", default=ENGLISH)


def mark(sentence: str) -> str:
    """The same sentence. It is translated where it is shown; this is how `scripts/translate` finds it."""
    return sentence


# As `day` finds them.
MONTHS = (
    *(mark("January"), mark("February"), mark("March"), mark("April"), mark("May"), mark("June"), mark("July")),
    *(mark("August"), mark("September"), mark("October"), mark("November"), mark("December")),
)


@contextmanager
def speak_language(language: str) -> Iterator[None]:
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def keep_language(call: Callable[P, T]) -> Callable[P, T]:
    """The same call, for another thread or a later moment: made once, it speaks the language that is spoken now."""
    return partial(copy_context().run, call)


def current_language() -> str:
    return _spoken.get()


@cache
def list_languages() -> Mapping[str, str]:
    """Every language by its code, with its own name for itself; English first."""
    codes = sorted(
        folder.name
        for folder in resources.files("axiom.locale").iterdir()
        if (folder / "LC_MESSAGES" / f"{_DOMAIN}.po").is_file()
    )
    return {ENGLISH: "English"} | {code: _catalogue(code).translated("English", "this language") for code in codes}


def choose_language(wanted: str, accepted: str) -> str:
    """The language that somebody has chosen, else the first that they accept and we have, else English."""
    return wanted if wanted in list_languages() else _accepted(accepted[:_LONGEST])


def gettext(sentence: str) -> str:
    language = _spoken.get()
    return sentence if language == ENGLISH else _catalogue(language).translated(sentence)


def ngettext(singular: str, many: str, amount: int) -> str:
    """A sentence about one or several, in the language that is spoken now."""
    language = _spoken.get()
    if language == ENGLISH:
        return singular if amount == 1 else many
    return _catalogue(language).counted(singular, many, amount)


def is_known(sentence: str) -> bool:
    """Has the language that is spoken now words of its own for this sentence?"""
    return _spoken.get() == ENGLISH or gettext(sentence) != sentence


def translate_number(written: str) -> str:
    """A number, written in English, as the language that is spoken now writes it."""
    language = _spoken.get()
    return written if language == ENGLISH else written.translate(_signs(language))


def translate_moment(written: str) -> str:
    """A moment, written in English as `25 November 2026, 22:32 UTC`, in the language that is spoken now."""
    if _spoken.get() == ENGLISH:
        return written
    date, _, clock = written.partition(", ")
    parts = date.split(" ")
    if len(parts) != 3:
        return written
    fields = {"day": parts[0], "month": gettext(parts[1]), "year": parts[2], "time": clock.removesuffix(" UTC")}
    return gettext(mark("%(day)s %(month)s %(year)s, %(time)s UTC")) % fields


@cache
def _catalogue(language: str) -> Catalogue:
    file = resources.files("axiom.locale") / language / "LC_MESSAGES" / f"{_DOMAIN}.po"
    return Catalogue(file.read_text(encoding="utf-8"))


@cache
def _signs(language: str) -> dict[int, str]:
    """What stands between thousands, and before decimals."""
    written = _catalogue(language).translated("1,234.5", "a number")
    return str.maketrans({",": written[1], ".": written[-2]})


@lru_cache(_KEPT)
def _accepted(accepted: str) -> str:
    """The best of those that somebody accepts. BOINC's clients send one name alone, like `pt_BR`."""
    ranked = [(name, weight) for name, weight in read_weights(accepted.replace("_", "-")) if weight > 0.0]
    by_code = {code.lower().replace("_", "-"): code for code in list_languages()}
    for name, _ in sorted(ranked, key=lambda pair: -pair[1]):
        language = by_code.get(name) or by_code.get(name.partition("-")[0])
        if language:
            return language
    return ENGLISH
