"""What somebody wrote about findings, resolved against the rows as they are now."""

from collections.abc import Iterable, Mapping

from axiom.decisions.findings import written_texts as prose
from axiom.decisions.findings.written_texts import Reference, WrittenParagraph
from axiom.domain.evidence_cards import Citable
from axiom.store.sessions import written_texts as kept_prose
from axiom.store.sessions.written_texts import KeptProse
from axiom.store.views import findings
from axiom.store.views.citable import citable
from axiom.store.views.findings import FindingView
from axiom.web.base.document import AuthoredText, Fact, Piece, Pieces, Spoken, plain_text, said_as_data, words
from axiom.web.base.numbers import e_value, plain, written
from axiom.web.base.request import Answer, Reading

_NOT_YET = "(not known yet)"


def of_rounds(reading: Reading, rounds: range) -> list[Answer]:
    """What was written about a session."""
    kept = kept_prose.of_rounds(reading.db, rounds)
    return [said_as_data(said(reading, each)) for each in kept]


def said(reading: Reading, kept: KeptProse) -> AuthoredText:
    """A text as it reads today."""
    numbers = prose.findings_named(kept.text)
    known, standings = citable(reading.db, numbers), findings.some(reading.db, numbers)
    shown = {number: texts(standings[number], known[number]) for number in known}
    return AuthoredText(
        author=kept.author,
        at=kept.at.isoformat(),
        paragraphs=tuple(_spoken(each, known, shown) for each in prose.paragraphs(kept.text)),
    )


def line(reading: Reading, text: str) -> str:
    """The text with its references resolved; what refers to nothing stays as it was written."""
    numbers = prose.findings_named(text)
    if not numbers:
        return text
    known, standings = citable(reading.db, numbers), findings.some(reading.db, numbers)
    shown = {number: texts(standings[number], known[number]) for number in known}
    return prose.replaced(text, lambda reference: plain_text([_resolved(reference, known, shown)]))


def texts(standing: FindingView, spoken_of: Citable) -> dict[str, str]:
    """Every field of a finding as pages write it."""
    found = {name: _NOT_YET if value is None else plain(value) for name, value in spoken_of.fields.items()}
    found["number"] = f"finding {standing.finding.number}"
    if standing.line:
        weighed = standing.line.evidence
        numbers = written(standing.estimand, weighed.estimate, weighed.low, weighed.high)
        found |= dict(zip(("estimate", "low", "high"), numbers, strict=True)) | {"e_value": e_value(weighed.e_value)}
    return found


def beside(numbers: Iterable[int], known: Mapping[int, Citable]) -> tuple[Pieces, ...]:
    """The computed verdict and grade of each of these findings."""
    found = []
    for number in numbers:
        if one := known.get(number):
            facts = {name: _fact(number, name, str(one.fields[name])) for name in ("verdict", "reads", "grade")}
            facts["number"] = _fact(number, "number", f"finding {number}")
            status = "" if one.status == "open" else f"; it is {one.status}"
            meant = "" if one.fields["reads"] == one.fields["verdict"] else ", {reads}"
            found.append(words(f"{{number}}: {{verdict}}{meant}, {{grade}}{status}", **facts))
    return tuple(found)


def _spoken(
    paragraph: WrittenParagraph, known: Mapping[int, Citable], shown: Mapping[int, Mapping[str, str]]
) -> Spoken:
    pieces: list[Piece] = [
        _resolved(piece, known, shown) if isinstance(piece, Reference) else piece for piece in paragraph.pieces
    ]
    return Spoken(
        pieces=tuple(pieces),
        beside=beside(paragraph.findings, known),
        faults=tuple(prose.faults(paragraph, known)),
    )


def _resolved(reference: Reference, known: Mapping[int, Citable], shown: Mapping[int, Mapping[str, str]]) -> Fact | str:
    if not reference.finding:
        value = prose.value_of(reference, known)
        return Fact(text=str(value), of=f"R:{reference.name}") if value else reference.written
    name = reference.name or "number"
    text = shown.get(reference.finding, {}).get(name)
    return reference.written if text is None else _fact(reference.finding, name, text)


def _fact(number: int, name: str, text: str) -> Fact:
    return Fact(text=text, of=f"F{number}.{name}", rows=f"/findings/{number}")
