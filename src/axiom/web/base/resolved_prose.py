"""What somebody wrote about findings, resolved against the rows as they are now."""

from collections.abc import Iterable, Mapping

from axiom.decisions.findings import prose
from axiom.decisions.findings.prose import Reference, WrittenParagraph
from axiom.domain.numbers import e_value, moment, plain, written
from axiom.domain.programs import PROGRAM
from axiom.store.sessions import kept_prose
from axiom.store.sessions.kept_prose import KeptProse
from axiom.store.views import findings
from axiom.store.views.citable import citable
from axiom.store.views.findings import FindingView
from axiom.web.base.facts import fact
from axiom.web.base.request import Answer, Reading
from axiom_weigh.evidence.cards import Citable

_NOT_YET = "(not known yet)"
_COMPUTED = ("verdict", "reads", "grade")


def of_rounds(reading: Reading, rounds: range) -> list[Answer]:
    return [resolved(reading, text) for text in kept_prose.of_rounds(reading.db, rounds)]


def resolved(reading: Reading, stored: KeptProse) -> Answer:
    """A text as it reads today, with the computed verdict of each finding that a paragraph names beside it."""
    citables, fields = _named_in(reading, stored.text)
    return {
        "author": fact(stored.author, "author"),
        "at": stored.at.isoformat(),
        "moment": fact(moment(stored.at.isoformat()), "at"),
        "paragraphs": [_paragraph(part, citables, fields) for part in prose.paragraphs(stored.text)],
    }


def remark(reading: Reading, text: str, by: str) -> Answer:
    """A text in one piece, with what stands beside it and why a program could not write it today.

    What refers to nothing stays as it was written.
    """
    citables, fields = _named_in(reading, text)
    parts = prose.paragraphs(text) if by.startswith(PROGRAM) else ()
    return {
        "text": prose.replaced(text, lambda reference: _resolved(reference, citables, fields)["text"]),
        "beside": [
            {"number": number, "status": citable.status, **{name: str(citable.fields[name]) for name in _COMPUTED}}
            for number, citable in sorted(citables.items())
        ],
        "faults": [fault for part in parts for fault in prose.faults(part, citables)],
    }


def _named_in(reading: Reading, text: str) -> tuple[Mapping[int, Citable], Mapping[int, Mapping[str, str]]]:
    """The findings that a text names, and every field of each as pages write it."""
    numbers = prose.findings_named(text)
    if not numbers:
        return {}, {}
    citables, views = citable(reading.db, numbers), findings.by_numbers(reading.db, numbers)
    return citables, {number: texts(views[number], citables[number]) for number in citables}


def texts(view: FindingView, spoken_of: Citable) -> dict[str, str]:
    fields = {name: _NOT_YET if value is None else plain(value) for name, value in spoken_of.fields.items()}
    fields["number"] = f"finding {view.finding.number}"
    if view.line:
        weighed = view.line.evidence
        numbers = written(view.estimand, weighed.estimate, weighed.low, weighed.high)
        fields |= dict(zip(("estimate", "low", "high"), numbers, strict=True)) | {"e_value": e_value(weighed.e_value)}
    return fields


def _paragraph(
    paragraph: WrittenParagraph, citables: Mapping[int, Citable], fields: Mapping[int, Mapping[str, str]]
) -> Answer:
    return {
        "pieces": [
            _resolved(piece, citables, fields) if isinstance(piece, Reference) else fact(piece, "")
            for piece in paragraph.pieces
        ],
        "beside": _verdict_facts(paragraph.findings, citables),
        "faults": list(prose.faults(paragraph, citables)),  # because of which it could not be written today
    }


def _verdict_facts(numbers: Iterable[int], citables: Mapping[int, Citable]) -> list[Answer]:
    return [
        {
            "number": _field(number, "number", f"finding {number}"),
            "status": citables[number].status,
            **{name: _field(number, name, str(citables[number].fields[name])) for name in _COMPUTED},
        }
        for number in numbers
        if number in citables
    ]


def _resolved(reference: Reference, citables: Mapping[int, Citable], fields: Mapping[int, Mapping[str, str]]) -> Answer:
    if not reference.finding:
        value = prose.value_of(reference, citables)
        return fact(str(value), f"R:{reference.name}") if value else fact(reference.written, "")
    name = reference.name or "number"
    text = fields.get(reference.finding, {}).get(name)
    return fact(reference.written, "") if text is None else _field(reference.finding, name, text)


def _field(number: int, name: str, text: str) -> Answer:
    return fact(text, f"F{number}.{name}", f"/findings/{number}")
