"""Reads the headline of a finding as a person would, and holds it against the numbers. It shares no code with Axiom."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VOID = re.compile(r"(Suspended|Recalled): ")
_OPEN = "; that may be too little to matter"
_OF_DESIGNS = re.compile(r"; (sure (?:over all|in) [^;]*)$")
_SLIGHT = re.compile(r"; its file calls less than [^;]* too small to matter$")
_SIDES = (
    (re.compile(r" is (?:typically |on average )?nearly the same (?:with|without|over all)\b"), "absent"),
    (re.compile(r" is (?:typically |on average )?within \S.* of \S"), "absent"),
    (re.compile(r" (?:typically|on average) hardly changes with "), "absent"),
    (re.compile(r" is (?:typically |on average )?(?:higher (?:with|without|over all)|above)\b"), "effect +"),
    (re.compile(r" (?:typically|on average) rises with "), "effect +"),
    (re.compile(r" is (?:typically |on average )?(?:lower (?:with|without|over all)|below)\b"), "effect −"),
    (re.compile(r" (?:typically|on average) falls with "), "effect −"),
)
_NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?")
_NO_NUMBERS = {r"(\([a-z ]*)the same\b": r"\g<1>1 times", r"(\([a-z ]*)no change\b": r"\g<1>0"}  # and what they mean
_CHANGES = {"lower": -1, "higher": 1}  # of percent with each doubling
_SCALES = {"percent": lambda x: 100 * x, "times2": lambda x: 2**x, "times10": lambda x: 10**x, "times_e": math.exp}


@dataclass(frozen=True, kw_only=True)
class ReadHeadline:
    verdict: str
    status: str  # open where the headline names none
    is_slight: bool
    is_of_each: bool  # of several designs: it does not name those of which it is not sure
    number: float | None  # in the last brackets
    last_place: float  # what its last digit stands for
    doubling: str  # what each doubling does, by its number: "times", "lower", "higher"; else nothing


def read_headline(text: str) -> ReadHeadline:
    """What somebody takes from it who sees nothing else."""
    void = _VOID.match(text)
    sentence = text[void.end() :] if void else text
    status = void[1].lower() if void else "open"
    if sentence.startswith("It depends on the design: "):
        return ReadHeadline(
            verdict="mixed", status=status, is_slight=False, is_of_each=True, number=None, last_place=0.0, doubling=""
        )
    if sentence.endswith("? Not known yet"):
        return ReadHeadline(
            verdict="undecided",
            status=status,
            is_slight=False,
            is_of_each=True,
            number=None,
            last_place=0.0,
            doubling="",
        )
    of_all = _OF_DESIGNS.sub("", sentence)
    bare = _SLIGHT.sub("", of_all.removesuffix(_OPEN))
    verdicts = [verdict for pattern, verdict in _SIDES if pattern.search(bare)]
    if len(set(verdicts)) != 1:
        raise ValueError(f"it says {verdicts}: {text}")
    for words, number in _NO_NUMBERS.items():
        bare = re.sub(words, number, bare)
    brackets = re.findall(r"\(([^()]*\d[^()]*)\)", bare)
    match = _NUMBER.search(brackets[-1]) if brackets else None
    return ReadHeadline(
        verdict="absent" if _SLIGHT.search(of_all) else verdicts[0],
        status=status,
        is_slight=of_all.endswith(_OPEN),
        is_of_each=of_all == sentence,
        number=float(match[0].replace(",", "").replace("−", "-")) if match else None,
        last_place=_last_place(match[0]) if match else 0.0,
        doubling=_doubling(bare, brackets[-1] if brackets else ""),
    )


def contradiction(text: str, estimand: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What the headline says otherwise than the row of evidence beside it; nothing where they agree."""
    read = read_headline(text)
    verdict = row["verdict"] or "undecided"
    if read.verdict != verdict:
        return f"it says {read.verdict}, and the verdict is {verdict}"
    if read.status != (row["status"] if row["status"] in ("suspended", "recalled") else "open"):
        return f"it says {read.status}, and the finding is {row['status']}"
    if read.is_slight != _is_slight(estimand, row):
        return "it tells otherwise than the interval whether the effect is as large as one that matters"
    is_there = verdict == "absent" and not _holds(row["low"], estimand["null"], row["high"])
    if is_there != bool(_SLIGHT.search(_OF_DESIGNS.sub("", text))):
        return "it tells otherwise than the interval whether there is an effect that is too small to matter"
    by_design = row.get("by_design") or ()
    by_design = json.loads(by_design) if isinstance(by_design, str) else by_design
    if verdict not in ("mixed", "undecided") and read.is_of_each != all(own == verdict for _, own in by_design):
        return "it tells otherwise than the designs of how many it is so"
    if verdict not in ("effect +", "effect −") and not is_there:
        return ""
    wanted = _on_scale(estimand, row["estimate"])
    if read.doubling:
        wanted = 2 ** row["estimate"]
        if (side := _CHANGES.get(read.doubling)) is not None:
            wanted = 100 * (wanted - 1) * side
    if read.number is None or abs(read.number - wanted) > 0.51 * read.last_place + 1e-9 * abs(wanted):
        return f"it says {read.number}, and the estimate is {wanted}"
    return ""


def _holds(low: float | None, number: float, high: float | None) -> bool:
    return (low is None or low <= number) and (high is None or high >= number)


def _doubling(sentence: str, bracket: str) -> str:
    if bracket.endswith(" with each doubling on average"):
        return next((word for word in ("times", "lower", "higher") if word in bracket), "")
    return "times" if "the factor by which each doubling of " in sentence else ""


def _is_slight(estimand: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    null, smallest = estimand["null"], estimand["smallest"]
    if row["verdict"] == "effect +":
        return row["low"] is None or row["low"] < null + smallest
    return row["verdict"] == "effect −" and (row["high"] is None or row["high"] > null - smallest)


def _on_scale(estimand: Mapping[str, Any], value: float) -> float:
    words = estimand.get("in_words") or ("{percent}" if estimand["kind"] == "proportion" else "")
    return next((scale(value) for name, scale in _SCALES.items() if f"{{{name}}}" in words), value)


def _last_place(number: str) -> float:
    digits, _, power = number.replace(",", "").replace("−", "-").partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
