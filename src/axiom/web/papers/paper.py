"""A paper over findings, rendered from declarations, registrations and rows: no model and no person types a number."""

from collections.abc import Iterable, Sequence
from itertools import chain

from axiom.domain.findings import Grade
from axiom.errors import WrongUse
from axiom.store.sessions import written_texts as kept_prose
from axiom.store.views import findings
from axiom.web.base import resolved_texts as spoken
from axiom.web.base.document import (
    Block,
    Chapter,
    Fact,
    Items,
    Paper,
    PaperTable,
    Piece,
    Pieces,
    Text,
    Whisker,
    Whiskers,
    as_data,
    words,
)
from axiom.web.base.interval_drawing import whisker
from axiom.web.base.numbers import moment, plain
from axiom.web.base.request import Answer, Reading, number_of
from axiom.web.papers.finding_text import Told
from axiom.web.papers.methods import Study, asked, studies_of
from axiom.web.views import evidence_cards, graph
from axiom.web.views import findings as finding_views

MOST = 20  # findings of one paper
_CLASSES = {"effect +": "plus", "effect −": "minus"}


def page(reading: Reading) -> Answer:
    """The paper that an address asks for, or the form that asks for one."""
    wanted = reading.query.get("of", "")
    try:
        numbers = numbers_of(wanted)
    except WrongUse as error:
        return {"asked": wanted, "misread": [str(error)], "paper": None}
    found = as_data(paper(reading, numbers)) if numbers else None
    return {"asked": wanted, "misread": [], "paper": found}


def numbers_of(text: str) -> tuple[int, ...]:
    """The findings that are asked for, as `1,2,3`, each once and in order."""
    said = [part.strip() for part in text.split(",") if part.strip()]
    found = sorted({number for part in said if (number := number_of(part)) is not None})
    if len(found) < len(set(said)) or len(found) > MOST:
        raise WrongUse(f"A paper is over findings by their numbers with commas between, {MOST} at most.")
    return tuple(found)


def paper(reading: Reading, numbers: Sequence[int]) -> Paper:
    """The whole paper over these findings."""
    told = [Told(reading, finding_views.must_be(reading, number)) for number in numbers]
    studies = studies_of(reading, told)
    weighed = [one.standing.line.weighed_at for one in told if one.standing.line]
    until = moment(max(weighed).isoformat()) if weighed else "before anything was weighed"
    chapters = [
        Chapter(title="Abstract", blocks=tuple(Text(pieces=one.summary) for one in told)),
        Chapter(title="Questions", blocks=tuple(Text(pieces=each.asks) for each in studies.values())),
        Chapter(title="Methods", blocks=(*chain(*(each.methods for each in studies.values())), *asked(told))),
        Chapter(title="Results", blocks=tuple(_results(told))),
        Chapter(title="Predictions and how they scored", blocks=tuple(_predictions(told))),
        Chapter(title="What else was asked", blocks=tuple(_besides(reading, told))),
        *_said(reading, numbers),
        Chapter(title="Limitations", blocks=tuple(_limitations(told))),
        Chapter(title="References", blocks=tuple(_references(studies.values()))),
        Chapter(title="Data, and how to compute it again", blocks=tuple(_data(reading, told, studies.values()))),
    ]
    return Paper(
        findings=tuple(numbers),
        title=_title(told, list(studies.values())),
        by=Fact(text=reading.name, of="laboratory"),
        until=Fact(text=until, of="until"),
        chapters=tuple(chapters),
    )


def _title(told: Sequence[Told], studies: Sequence[Study]) -> Pieces:
    """The claim of one finding, the question of one experiment, or how many findings there are."""
    if len(told) == 1:
        return (told[0].fact("answer"),)
    if len(studies) == 1 and studies[0].declared:
        return (studies[0].fact("question", studies[0].declared.question),)
    return words("{amount} findings", amount=Fact(text=plain(len(told)), of="findings"))


def _results(told: Sequence[Told]) -> list[Block]:
    names = ("estimate", "low", "high", "seeds", "missing", "e_value")
    rows = tuple(
        (
            one.other("number", plain(one.number)),
            *(one.fact(name) if one.standing.line else "–" for name in names),
            one.fact("verdict"),
            one.fact("reads"),
            one.fact("grade"),
        )
        for one in told
    )
    headings = (
        "Finding",
        "Estimate",
        "Low",
        "High",
        "Replicates",
        "Missing",
        "e-value",
        "Verdict",
        "Of the claim",
        "Grade",
    )
    found: list[Block] = [PaperTable(caption="How the findings stand", headings=headings, rows=rows)]
    if any(one.standing.line for one in told):
        caption = "Each interval in multiples of the smallest effect that matters; the upright line is the null"
        found.append(Whiskers(caption=caption, rows=tuple(_whisker(one) for one in told)))
        found.append(
            PaperTable(
                caption="Who computed it",
                headings=("Finding", "Hosts", "Volunteers", "Platforms", "Closed blocks"),
                rows=tuple(
                    (
                        one.other("number", plain(one.number)),
                        *(one.fact(name) for name in ("hosts", "volunteers", "platforms", "blocks")),
                    )
                    for one in told
                    if one.standing.line
                ),
            )
        )
    return found


def _whisker(one: Told) -> Whisker:
    return Whisker(
        label=words("{number}", number=one.other("number", f"Finding {one.number}")),
        drawn=whisker(one.answer),
        look=_CLASSES.get(one.standing.verdict, str(one.standing.verdict)),
    )


def _predictions(told: Sequence[Told]) -> list[Block]:
    rows: list[tuple[Piece, ...]] = []
    for one in told:
        for place, each in enumerate(evidence_cards.forecasts(one.reading, one.standing), start=1):
            said, score = each.prediction, each.score

            def fact(name: str, text: str, one: Told = one, place: int = place) -> Fact:
                return one.other(f"forecast{place}.{name}", text)

            scored = score is not None and score.brier is not None
            rows.append(
                (
                    one.other("number", plain(one.number)),
                    fact("forecaster", each.forecaster),
                    fact("foreknowledge", finding_views.foreknown(each).reason),
                    fact("positive", f"{said.positive:.2f}"),
                    fact("absent", f"{said.absent:.2f}"),
                    fact("negative", f"{said.negative:.2f}"),
                    fact("low", plain(said.interval[0])),
                    fact("high", plain(said.interval[1])),
                    fact("brier", plain(score.brier)) if score and scored else "not scored yet",
                    "–" if score is None or score.is_covered is None else "yes" if score.is_covered else "no",
                )
            )
    if not rows:
        return [Text(pieces=words("Nobody wrote down a prediction."))]
    headings = ("Finding", "By", "Made", "effect +", "absent", "effect −", "Low", "High", "Brier score", "Covered")
    return [PaperTable(caption="Predicted before the first replicate", headings=headings, rows=tuple(rows))]


def _besides(reading: Reading, told: Sequence[Told]) -> list[Block]:
    """Whatever else the same experiments were asked, and what other findings say of these: nothing is left out."""
    mine = {one.number for one in told}
    said = [
        _linked(link)
        for one in told
        for link in graph.linked(reading, one.number)["links"]
        if link["bearing"] is not None
    ]
    linked = {
        int(link[end]["name"])
        for one in told
        for link in graph.linked(reading, one.number)["links"]
        for end in ("source", "target")
        if link[end]["noun"] == "finding"
    }
    named = {one.standing.experiment for one in told}
    same = {one.number for one in findings.in_brief(reading.db) if one.experiment in named}
    rows = []
    for number, standing in findings.some(reading.db, (same | linked) - mine).items():
        other = Told(reading, standing)
        rows.append(
            (
                number,
                (
                    other.other("number", plain(number)),
                    other.fact("answer"),
                    other.fact("verdict"),
                    other.fact("reads"),
                    other.fact("grade"),
                    standing.finding.status,
                ),
            )
        )
    found: list[Block] = [Items(items=tuple(dict.fromkeys(said)))] if said else []
    if not rows:
        return [*found, Text(pieces=words("Nothing else was asked of the same experiments."))]
    headings = ("Finding", "Answer", "Verdict", "Of the claim", "Grade", "Status")
    caption = "Other findings of the same experiments, and those that are linked"
    return [*found, PaperTable(caption=caption, headings=headings, rows=tuple(row for _, row in sorted(rows)))]


def _linked(link: Answer) -> Pieces:
    facts = {
        end: Fact(
            text=f"{link[end]['noun']} {link[end]['name']}", of=f"L{link['number']}.{end}", rows=link[end]["href"]
        )
        for end in ("source", "target")
    }
    return words(f"A test: {{source}} {link['kind']} {{target}}, and today {link['bearing']}.", **facts)


def _said(reading: Reading, numbers: Sequence[int]) -> list[Chapter]:
    """The words of people and programs, each author's apart."""
    kept = kept_prose.of_paper(reading.db, numbers)
    return [Chapter(title="In the words of an author", blocks=(spoken.said(reading, each),)) for each in kept]


def _limitations(told: Sequence[Told]) -> list[Block]:
    found: list[Pieces] = []
    for one in told:
        found += [_of(one, name, text) for name, text in _lacks(one)]
    found += [_of(one, "scope", finding_views.scope(one.reading, one.standing)["words"]) for one in told]
    return [Items(items=tuple(dict.fromkeys(found)))]


def _lacks(one: Told) -> Iterable[tuple[str, str]]:
    """What weakens a finding, from its rows."""
    standing, answer = one.standing, one.answer["evidence"]
    if standing.finding.status != "open":
        yield "status", f"it is {standing.finding.status}{f': {standing.why}' if standing.why else ''}"
    if answer is None:
        yield "lacks", "nothing is weighed yet"
        return
    for alarm in answer["alarms"]:
        yield "alarm", alarm["text"]
    for flag in answer["flags"]:
        yield "flag", flag
    if answer["grade"] != Grade.DEFINITIVE:
        for need in answer["needs"]:
            yield "need", need
    for name, noun in (
        ("platforms", "platform"),
        ("volunteers", "volunteer"),
        ("hosts", "host"),
        ("designs", "design"),
    ):
        if answer[name] == 1:
            yield name, f"all of it is of one {noun}"
    if answer["missing"]:
        yield "missing", f"{plain(answer['missing'])} replicates have no value"
    if answer["false_share"] is None:
        yield "false_share", "it is not among the findings of the whole laboratory, corrected for all that were asked"
    if not answer["again"]:
        yield "again", "no seed of it was computed a second time"
    made = map(finding_views.foreknown, evidence_cards.forecasts(one.reading, standing))
    for reason in dict.fromkeys(each.reason for each in made if each.is_informed):
        yield "informed", f"a prediction of it was {reason}"


def _of(one: Told, name: str, text: str) -> Pieces:
    end = "" if text.endswith((".", "?", "!")) else "."
    return words(
        f"{{number}}: {{text}}{end}",
        number=one.other("number", f"Finding {one.number}"),
        text=one.other(name, text),
    )


def _references(studies: Iterable[Study]) -> list[Block]:
    """What the signed files name, and nothing else."""
    items = [
        (Fact(text=part.strip(), of=f"R:{each.standing.experiment}", rows=f"/experiments/{each.standing.experiment}"),)
        for each in studies
        if each.declared and each.bundle
        for part in each.declared.reference.split(";")
        if part.strip()
    ]
    if not items:
        return [Text(pieces=words("The signed files name no literature."))]
    return [Items(items=tuple(dict.fromkeys(items)))]


def _data(reading: Reading, told: Sequence[Told], studies: Iterable[Study]) -> list[Block]:
    root = reading.master.rstrip("/")
    bundles: list[tuple[Piece, ...]] = [
        (each.name, each.fact("serial", each.bundle.serial), each.fact("digest", each.bundle.digest))
        for each in studies
        if each.bundle
    ]
    exports = [
        words(
            "{number}: {address}, or {command}",
            number=one.other("number", f"Finding {one.number}"),
            address=one.other("export", f"{root}/findings/{one.number}.zip"),
            command=one.other("command", f"axiom finding export {one.number}"),
        )
        for one in told
        if one.standing.line
    ]
    return [
        Text(
            pieces=words(
                "Each export is an RO-Crate with every observation, the registrations, the signed source and a script: "
                "python recompute.py weighs the observations again and compares every number. The seeds follow from "
                "the experiment's name, so that every replicate can be computed again."
            )
        ),
        *([Items(items=tuple(exports))] if exports else []),
        PaperTable(
            caption="Signed bundles", headings=("Experiment", "Serial", "SHA of the archive"), rows=tuple(bundles)
        ),
    ]
