"""What somebody wrote: in one shape, with who said it, that nobody checked it, and its references as they read now.

Pages show it in one kind of box, after what was computed; their JSON has it under `said` and nowhere else.
"""

from collections.abc import Iterable, Mapping

from axiom.domain.evidence import Citable
from axiom.domain.headlines.numbers import format_e_value, format_interval, format_number
from axiom.laboratory.findings.rules import prose
from axiom.laboratory.findings.rules.prose import ProseReference
from axiom.reads.base.request import Answer, Reading
from axiom.store.rounds.kept_prose import KeptProse
from axiom.store.views import findings
from axiom.store.views.citable import read_citable_findings
from axiom.store.views.findings import FindingView

_NOT_YET = "(not known yet)"
_COMPUTED = ("verdict", "reads", "grade")


def quote_text(reading: Reading, by: str, kind: str, text: str, *, number: int = 0, at: str = "") -> list[Answer]:
    """This text as its author's, `number` being that of its row; nothing where it names what is not weighed yet.

    Beside it stands the computed verdict of each finding that it names, and why it could not be written today. What
    refers to nothing stays as it was written.
    """
    citables, fields = _named_in(reading, text)
    if not text or not all(citable.is_weighed for citable in citables.values()):
        return []
    return [
        {
            "by": by,
            "checked": False,
            "kind": kind,
            "number": number,
            "text": prose.replace_references(text, lambda reference: _resolved(reference, citables, fields)),
            "at": at,
            "beside": [
                {"number": number, "status": citable.status, **{name: str(citable.fields[name]) for name in _COMPUTED}}
                for number, citable in sorted(citables.items())
            ],
            "faults": prose.list_prose_faults(text, citables),
        }
    ]


def quote_each(reading: Reading, by: str, texts: Mapping[str, str]) -> list[Answer]:
    """These texts of one author, by their kind."""
    return [entry for kind, text in texts.items() for entry in quote_text(reading, by, kind, text)]


def quote_stored_prose(reading: Reading, texts: Iterable[KeptProse]) -> list[Answer]:
    """What was written about a session or for a paper."""
    return [
        entry
        for kept in texts
        for entry in quote_text(reading, kept.author, "words", kept.text, number=kept.number, at=kept.at.isoformat())
    ]


def _named_in(reading: Reading, text: str) -> tuple[Mapping[int, Citable], Mapping[int, Mapping[str, str]]]:
    """The findings that a text names, and every field of each as pages write it."""
    numbers = prose.find_named_findings(text)
    if not numbers:
        return {}, {}
    citables, views = read_citable_findings(reading.db, numbers), findings.read_finding_views(reading.db, numbers)
    return citables, {number: finding_texts(views[number], citables[number]) for number in citables}


def finding_texts(view: FindingView, spoken_of: Citable) -> dict[str, str]:
    fields = {name: _NOT_YET if value is None else format_number(value) for name, value in spoken_of.fields.items()}
    fields["number"] = f"finding {view.finding.number}"
    if view.line:
        weighed = view.line.evidence
        numbers = format_interval(view.estimand, weighed.estimate, weighed.low, weighed.high)
        fields |= dict(zip(("estimate", "low", "high"), numbers, strict=True)) | {
            "e_value": format_e_value(weighed.e_value)
        }
    return fields


def _resolved(
    reference: ProseReference, citables: Mapping[int, Citable], fields: Mapping[int, Mapping[str, str]]
) -> str:
    if not reference.finding:
        return str(prose.find_referenced_value(reference, citables) or reference.written)
    return fields.get(reference.finding, {}).get(reference.name or "number", reference.written)
