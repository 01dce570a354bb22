"""The words of a claim as they are compared: without endings, and one word for what the trade calls by several.

Directions are left out (larger, falls, better): whether something rises or falls is one question.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_PLAIN = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*(%|percent\b|per cent\b))?|[^\W\d_]+")
_STOP_WORDS = """
a an the of in on at to by for from with without within as is are was were be been it its that this these those there
than then and or not no nor but so such if when where while which who whose what how whatever any every all each both
either other others one ones only also too even just ever never still yet over under above below beyond between after
before during into out off up down per same equal equally as much many more less most least few fewer little larger
smaller large small big bigger greater great higher lower high low better worse well good best worst faster slower
sooner later longer shorter steeper steeply increase increases decrease decreases grow grows growing rise rises rising
fall falls falling drop drops shrink shrinks reduce reduces raise raises improve improves harm harms help helps hurt
hurts gain gains lose loses narrow narrows widen widens do does did has have had will would whereas across against
although despite can cannot could may might must network networks net nets neural model models expected hardly about
around near next beside lead leads give gives gets get make makes made come comes leave leaves keep keeps put puts
"""
# The first of each row stands for all of it.
_SAME = (
    "rate, learning rate, learning rates, step size, step sizes, stepsize, lr",
    "width, wide, wider, widest, narrow, narrower, hidden units, hidden size, units wide",
    "depth, deep, deeper, deepest, shallow, layers, layer",
    "accuracy, accurate, error, correct, right, precise",
    "test, generalise, generalize, generalisation, held out, validation, val",
    "new, unseen, novel, unknown",
    "batch, batch size, batch sizes, minibatch, mini batch",
    "sgd, gradient descent, plain descent, stochastic gradient descent, descent",
    "optimizer, optimiser",
    "ce, cross entropy, log loss",
    "mse, squared error, mean squared error, quadratic loss",
    "prune, remove, sparsify, cut away, sparsity",
    "random, lot, by lot, chance",
    "grok, understand, understood",
    "xor, exclusive or",
    "example, item, sample, datum, data, point",
    "neuron, unit, node",
    "modulus, modulo, mod",
    "sum, addition, add",
    "sharp, sharpness, flat, flatter, flatness, curvature",
    "final, end, finish, eventually, last",
    "share, fraction, proportion, portion, percentage",
    "shown, show, see, seen, present, presented",
    "start, begin, initial, initialisation, initialization, init",
    "train, learn, learned",
    "label, target",
    "wrong, corrupted, noisy, false, incorrect, flipped",
    "part, subnetwork, subnet, ticket",
    "dropout, dropping out, silencing, silence",
    "decay, weight decay, wd",
    "fit, memorise, memorize",
    "move, movement, travel, distance",
    "sam, sharpness aware minimisation, sharpness aware minimization",
    "ewc, elastic weight consolidation, fisher",
    "alike, similar, similarity, resemble, alignment, aligned",
    "time, duration, wait, patience",
    "epoch, pass, passes",
    "step, update, iteration",
    "true, clean, uncorrupted",
    "outperform, beat, surpass",
    "sudden, abrupt, suddenly, abruptly",
    "direction, singular vector",
    "memory, remember",
    "capability, ability, skill",
)
_TWO = "two"  # of anything are mostly both of them, so it is no number by itself
_COUNTED = """
three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty
"""
_MANY = {"hundred": 100.0, "thousand": 1000.0}
_PARTS = {
    "half": 0.5, "halves": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "sixth": 1 / 6, "eighth": 0.125,
    "tenth": 0.1, "hundredth": 0.01, "twentieth": 0.05,
}  # fmt: skip
_ENDINGS = (
    *("isations", "izations", "isation", "ization", "ations", "ation", "ements", "ement", "ments", "ment", "nesses"),
    *("ness", "ities", "ity", "ingly", "ings", "ing", "iest", "ier", "ies", "est", "ers", "er", "ed", "es", "ly", "s"),
    *("e", "y"),
)
_LEAST = 3  # letters that a word keeps
_SHORT = 300  # letters: more than a finding's claim has; a stranger's question may have thousands


def split_claim_words(text: str) -> tuple[str, ...]:
    """The words that say something, in their order; numbers as `#0.2`, whichever way they were written."""
    return (_words_of_short if len(text) <= _SHORT else _words_of_long)(text)


def _words(text: str) -> tuple[str, ...]:
    plain = re.sub(r"[-_/]+", " ", text.casefold()).replace("'s", "").replace("’s", "")
    for phrase, stands in _PHRASES:
        plain = phrase.sub(stands, plain)
    return tuple(
        word for word in _together([_token(match) for match in _PLAIN.finditer(plain)]) if word not in ("", _TWO)
    )


_words_of_short = lru_cache(maxsize=4096)(_words)  # those of the findings are asked for with each question
_words_of_long = lru_cache(maxsize=32)(_words)  # those of a question are compared with each finding


def select_number_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.startswith("#"))


def level_word(level: object) -> str:
    """A factor's level, as a word of a sentence would be written."""
    if isinstance(level, bool) or not isinstance(level, int | float):
        return " ".join(split_claim_words(str(level))) or str(level).casefold()
    return f"#{float(level):.6g}"


def _token(match: re.Match[str]) -> str:
    if match[1]:
        number = float(match[1].replace(",", ""))
        return f"#{number / 100.0 if match[2] else number:.6g}"
    word = match[0]
    if word == _TWO:
        return word
    if word in _DIGITS:
        return f"#{_DIGITS[word]}"
    if word in _PARTS or word.removesuffix("s") in _PARTS:
        return f"/{_PARTS.get(word) or _PARTS[word.removesuffix('s')]:.6g}"
    return "" if word in _STOP else _STANDS.get(_stem(word), _stem(word))


def _together(tokens: Sequence[str]) -> list[str]:
    """Three tenths are one number, and so are twenty thousand."""
    whole: list[str] = []
    for token in tokens:
        before = _number(whole[-1]) if whole else None
        number = _number(token)
        is_part = token.startswith("/") and number is not None
        if number is not None and before is not None and (is_part or number in _MANY.values()):
            whole[-1] = f"#{before * number:.6g}"
        else:
            whole.append(f"#{number:.6g}" if is_part and number is not None else token)
    return whole


def _number(token: str) -> float | None:
    if token == _TWO:
        return 2.0
    return float(token[1:]) if token.startswith(("#", "/")) else None


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST:
            stem = word.removesuffix(ending)
            return stem[:-1] if len(stem) > _LEAST and stem[-1] == stem[-2] and stem[-1] not in "sl" else stem
    return word


_STOP = frozenset(_STOP_WORDS.split())
_DIGITS = {word: number for number, word in enumerate(_COUNTED.split(), start=3)} | _MANY
_ROWS = [row.split(", ") for row in _SAME]
_STANDS = {_stem(name): row[0] for row in _ROWS for name in row if " " not in name}
_PHRASES = sorted(
    ((re.compile(rf"\b{re.escape(name)}\b"), row[0]) for row in _ROWS for name in row if " " in name),
    key=lambda pair: -len(pair[0].pattern),
)
