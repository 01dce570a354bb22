"""Is this password good enough? zxcvbn counts the guesses that it takes; what is told of a weak one is ours."""

import re
import threading
from collections.abc import Iterable

from axiom.errors import WrongUse
from axiom.limits import accounts as limits
from axiom.locale.languages import mark

_PATTERN = mark("The password follows a pattern, as a row of keys or a count does, and is among the first to be tried.")
_COMMON = mark("The password is a word that many people choose, and so among the first to be tried.")
_OWN = mark("The password is little more than your name or address.")

_LEAST_OF_OTHERS = 4  # letters and digits of a password that are not one's own words
_SHORTEST_WORD = 3
_YEAR = re.compile(r"(1[89]|20)\d\d")  # what many add to their own name

_ALONE = threading.Lock()  # zxcvbn keeps the words of whom it judges in one place for all threads


def refuse_weak(password: str, called: str, email: str, laboratory: str) -> None:
    """Refuse a password that would be among the first to be tried. A client's hash of one cannot be judged."""
    length, judged = len(password), limits.PASSWORD_CHARACTERS_JUDGED
    if length < limits.SHORTEST_PASSWORD:
        raise WrongUse(f"The password has {length} characters; it needs at least {limits.SHORTEST_PASSWORD}.")
    if length > limits.LONGEST_PASSWORD:
        raise WrongUse(f"The password has {length} characters; at most {limits.LONGEST_PASSWORD} are taken.")
    if _is_made_of(password, (called, email)):
        raise WrongUse(_OWN)
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # slow to import, and no other command needs it

    own = [word[:judged] for text in (called, email, laboratory) for word in _own_words(text)]
    with _ALONE:
        result = zxcvbn(password[:judged], user_inputs=own)
    if result["guesses"] >= limits.PASSWORD_GUESSES:
        return
    dictionaries = {match.get("dictionary_name", "") for match in result["sequence"]}
    raise WrongUse(_OWN if "user_inputs" in dictionaries else _COMMON if any(dictionaries) else _PATTERN)


def _is_made_of(password: str, texts: Iterable[str]) -> bool:
    """Is hardly anything left of a password without the words of these texts, forwards and backwards?"""
    left = whole = _without_signs(password.casefold())
    words = {word.casefold() for text in texts for word in _own_words(text) if len(word) >= _SHORTEST_WORD}
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "").replace(word[::-1], "")
    return left != whole and len(_YEAR.sub("", left)) < _LEAST_OF_OTHERS


def _own_words(text: str) -> list[str]:
    """The text, what stands before its @, both without the signs between their words, and the words."""
    before = text.partition("@")[0]
    return [text, before, _without_signs(text), _without_signs(before), *_words(text)]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _without_signs(text: str) -> str:
    return "".join(_words(text))
