"""What an address asks for that nothing here can mean. It is said, and nothing is shown for it.

Everything would look like what was asked for: whoever mistypes a level in a program would take away all results as his.
"""

from collections.abc import Iterable, Iterator, Mapping

from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.reads.base.request import parse_number

LONGEST = 40  # letters of what was asked for that are repeated


def not_a_choice(query: Mapping[str, str], word: str, allowed: Iterable[str]) -> Iterator[str]:
    """The sentence for a word that has a few values alone."""
    text, values = query.get(word, ""), list(allowed)
    if text and text not in values:
        yield f"{_pair(word, text)} means nothing here; {word} is {', '.join(values[:-1])} or {values[-1]}."


def not_a_number(query: Mapping[str, str], word: str) -> Iterator[str]:
    """The sentence for a word whose value is a whole number."""
    text = query.get(word, "")
    if text and parse_number(text) is None:
        yield f"{_pair(word, text)} means nothing here; {word} is a whole number."


def unknown_name(query: Mapping[str, str], noun: str, *, is_known: bool) -> Iterator[str]:
    """The sentence for a name that nothing has."""
    if query.get(noun) and not is_known:
        yield f"There is no {noun} {shorten_query(query[noun])}."


def unknown_words(query: Mapping[str, str], readable: Iterable[str], what: str) -> Iterator[str]:
    """The sentence for each word that is none of those known; `what` says which these are.

    A form also sends what was left empty, of the experiment that was chosen before, too.
    """
    words_read = set(readable)
    for word in sorted(word for word, text in query.items() if text and word not in words_read):
        yield f"{shorten_query(word)} is nothing that can be asked for here; {what}."


def _pair(word: str, text: str) -> str:
    return f"{word}={shorten_query(text)}"


def shorten_query(text: str) -> str:
    """What was asked for, as far as an answer repeats it."""
    bare = strip_controls(text)
    return bare if len(bare) <= LONGEST else f"{bare[: LONGEST - 1]}…"
