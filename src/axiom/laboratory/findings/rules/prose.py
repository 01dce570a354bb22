"""References in what somebody writes about findings: which there are, which are refused, and what stands at each.

A text is stored as it was written, and its references are resolved whenever it is shown. `{F12.estimate}` is a number
of finding 12, `{F12}` names it, `{R:benford_law}` is the literature that this experiment's signed file names. What the
words beside them say is checked by nobody: pages show a text as its author's, in a box that says so.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from axiom.domain.evidence import VOID, Citable

_REFERENCE = re.compile(
    r"\{(?:F(?P<finding>[1-9][0-9]{0,14})(?:\.(?P<field>[A-Za-z_][A-Za-z0-9_.]*))?|R:(?P<name>[A-Za-z0-9_]+))\}"
)
_NEARLY = re.compile(r"\{\s*[FfRr](?=\s*[0-9:])[^{}\n]{0,60}\}?")
_UNSEEN = {"Cf", "Cc", "Co", "Cn"}  # categories of signs that nobody sees
_SEEN = "\n\u200c\u200d"  # the last two join letters, and signs of which one picture is made
_MOST_NAMED = 40  # references that a refusal lists


@dataclass(frozen=True, kw_only=True, slots=True)
class ProseReference:
    """A place of a text at which something of the records stands."""

    finding: int  # 0 of literature
    name: str  # the field; empty where the finding itself is named; of literature the experiment
    written: str


def find_references(text: str) -> list[ProseReference]:
    return [_read(match) for match in _REFERENCE.finditer(text)]


def find_named_findings(text: str) -> set[int]:
    return {reference.finding for reference in find_references(text) if reference.finding}


def why_text_refused(text: str, citables: Mapping[int, Citable]) -> str:
    """Why a text may not be kept, then the references that there are; or nothing."""
    refusals = list_prose_faults(text, citables)
    if not refusals:
        return ""
    return f"{'; '.join(refusals[:8])}. References that there are: {_listed(find_named_findings(text), citables)}."


def list_prose_faults(text: str, citables: Mapping[int, Citable]) -> list[str]:
    """Signs that nobody sees, and what is no reference, or one to nothing that may be spoken of."""
    unseen = (sign for sign in text if unicodedata.category(sign) in _UNSEEN and sign not in _SEEN)
    nearly = (match[0] for match in _NEARLY.finditer(text) if not _REFERENCE.fullmatch(match[0]))
    wrong = (_of_reference(reference, citables) for reference in find_references(text))
    return list(
        dict.fromkeys(
            [
                *(f"the sign U+{ord(sign):04X} cannot be seen" for sign in unseen),
                *(f"{piece!r} is no reference" for piece in nearly),
                *filter(None, wrong),
            ]
        )
    )


def list_unresolved_references(text: str, citables: Mapping[int, Citable]) -> list[str]:
    """The references to what is not known yet, as an end of an interval that is not bounded."""
    return [
        reference.written for reference in find_references(text) if find_referenced_value(reference, citables) is None
    ]


def find_referenced_value(reference: ProseReference, citables: Mapping[int, Citable]) -> object:
    """What stands at this place today; None where nothing does."""
    if not reference.finding:
        return _literature(citables).get(reference.name)
    citable = citables.get(reference.finding)
    return None if citable is None else citable.fields.get(reference.name or "number")


def replace_references(text: str, write: Callable[[ProseReference], str]) -> str:
    """The text with something else in the place of each reference."""
    return _REFERENCE.sub(lambda match: write(_read(match)), text)


def _read(match: re.Match[str]) -> ProseReference:
    number = int(match["finding"]) if match["finding"] else 0
    return ProseReference(finding=number, name=match["field"] or match["name"] or "", written=match[0])


def _of_reference(reference: ProseReference, citables: Mapping[int, Citable]) -> str:
    if not reference.finding:
        literature = _literature(citables)
        if literature.get(reference.name):
            return ""
        suggestion = _nearest(reference.name, literature)
        return (
            f"{reference.written} is no literature of a signed file of these findings that a person has approved with "
            f"`axiom reference add`{suggestion}"
        )
    citable = citables.get(reference.finding)
    if citable is None:
        near = min(citables, key=lambda number: (abs(number - reference.finding), number), default=None)
        return f"{reference.written} is no finding to speak of here" + (f"; the nearest is F{near}" if near else "")
    if citable.status in VOID:
        return f"{reference.written} is {citable.status}"
    if not citable.is_weighed:
        return f"{reference.written} has no evidence yet, before which nothing is said about it"
    if reference.name and reference.name not in citable.fields:
        return f"{reference.written} names no field{_nearest(reference.name, citable.fields)}"
    return ""


def _literature(citables: Mapping[int, Citable]) -> dict[str, str]:
    return {name: text for citable in citables.values() for name, text in citable.literature.items()}


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"; did you mean {near[0]}?" if near else ""


def _listed(numbers: Collection[int], citables: Mapping[int, Citable]) -> str:
    open_ones = [citable for _, citable in sorted(citables.items()) if _may_be_named(citable)]
    chosen = [citable for citable in open_ones if citable.number in numbers] or open_ones
    if not chosen:
        return "none, for no finding here may be spoken of"
    return ", the same of ".join([f"{' '.join(_fields(chosen))}", *(f"F{citable.number}" for citable in chosen[1:4])])


def _may_be_named(citable: Citable) -> bool:
    return citable.is_weighed and citable.status not in VOID


def _fields(chosen: Collection[Citable]) -> Iterator[str]:
    first = next(iter(chosen))
    yield from (f"{{F{first.number}.{name}}}" for name in list(first.fields)[:_MOST_NAMED])
    names = dict.fromkeys(name for citable in chosen for name, text in citable.literature.items() if text)
    yield from (f"{{R:{name}}}" for name in list(names)[:4])
