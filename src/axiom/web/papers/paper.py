"""What a paper over findings tells: facts of declarations, registrations and rows. Its templates hold the words."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from axiom.domain.evidence import VOID, Registration
from axiom.domain.headlines.finding_sentences import compose_quantity
from axiom.domain.headlines.numbers import format_moment, format_number
from axiom.errors import WrongUse
from axiom.limits import findings as limits
from axiom.reads import evidence_cards, link_graph
from axiom.reads import findings as finding_views
from axiom.reads.base import resolved_prose
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading, parse_number
from axiom.reads.kin import kin_in_words, kin_of_experiment
from axiom.store.rounds import kept_prose
from axiom.store.views import findings
from axiom.store.views.citable import read_citable_findings
from axiom.store.views.findings import FindingView
from axiom.web.base.facts import make_fact
from axiom.web.base.tiny_drawings import whisker_places
from axiom.web.papers.methods import Study, registration_facts
from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.median_or_mean import middle_named
from axiom_weigh.values import Grade

_CLASSES = {"effect +": "plus", "effect −": "minus"}
_SIDES = {"+": "above the null", "-": "below the null", "0": "nearer to the null than what would matter"}
_RESULTS = (
    "estimate",
    "low",
    "high",
    "seeds",
    "missing",
    "e_value",
    "hosts",
    "volunteers",
    "platforms",
    "blocks",
)


@page_at("/findings/paper", "paper.html", words="of")
def paper_page(reading: Reading) -> Answer:
    """The paper that an address asks for, or the form that asks for one."""
    wanted = reading.query.get("of", "")
    try:
        numbers = parse_finding_numbers(wanted)
    except WrongUse as error:
        return {"asked": wanted, "misread": [str(error)], "paper": None}
    return {"asked": wanted, "misread": [], "paper": paper_facts(reading, numbers) if numbers else None}


def parse_finding_numbers(text: str) -> tuple[int, ...]:
    """The findings that are asked for, as `1,2,3`, each once and in order."""
    parts = {part.strip() for part in text.split(",") if part.strip()}
    numbers = sorted({number for part in parts if (number := parse_number(part)) is not None})
    if len(numbers) < len(parts) or len(numbers) > limits.IN_A_PAPER:
        raise WrongUse(f"A paper is over findings by their numbers with commas between, {limits.IN_A_PAPER} at most.")
    return tuple(numbers)


def paper_facts(reading: Reading, numbers: Sequence[int]) -> Answer:
    subjects = [_Subject(reading, finding_views.require_finding(reading, number)) for number in numbers]
    registrations = {registration.id: registration for subject in subjects for registration in subject.feeding}
    studies = {subject.experiment_id: Study(reading, subject.view, registrations.values()) for subject in subjects}
    lines = [subject.view.line for subject in subjects if subject.view.line]
    until = (
        format_moment(max(line.weighed_at for line in lines).isoformat()) if lines else "before anything was weighed"
    )
    return {
        "numbers": list(numbers),
        "title": _title(subjects, list(studies.values())),
        "by": make_fact(reading.name, "laboratory"),
        "until": make_fact(until, "until"),  # when its newest evidence was weighed
        "findings": [subject.facts() for subject in subjects],
        "studies": [study.facts() for study in studies.values()],
        "registrations": [registration_facts(registration) for _, registration in sorted(registrations.items())],
        "processes": [
            {"name": kind, "middle": middle_named(kind)} for kind in sorted({line.evidence.e_kind for line in lines})
        ],
        "links": _links(reading, numbers),
        "others": _others(reading, subjects),
        "limitations": _limitations(subjects),
        "references": _unique(part for study in studies.values() for part in study.references),
        "said": _quotes(reading, subjects),
    }


class _Subject:
    def __init__(self, reading: Reading, view: FindingView) -> None:
        self.reading, self.view = reading, view
        self.number, self.experiment_id = view.finding.number, view.finding.experiment_id
        self._texts = resolved_prose.finding_texts(view, read_citable_findings(reading.db, [self.number])[self.number])

    @cached_property
    def answer(self) -> Answer:
        return finding_views.describe_finding(self.reading, self.view)

    @cached_property
    def feeding(self) -> list[Registration]:
        return evidence_cards.list_feeding_registrations(self.reading, self.view)

    def fact(self, name: str, text: str | None = None) -> Answer:
        """A field that texts may name, or something else of it."""
        return make_fact(
            self._texts[name] if text is None else text, f"F{self.number}.{name}", f"/findings/{self.number}"
        )

    def named(self, *names: str) -> Answer:
        return {"number": self.fact("number", format_number(self.number)), **{name: self.fact(name) for name in names}}

    def facts(self) -> Answer:
        """What was asked, what came out, and what was predicted."""
        view, estimand, literature = self.view, self.view.estimand, self.answer["literature"]
        scale = f", in {self.answer['scale']}" if self.answer["scale"] else ""
        return self.named("answer", "verdict", "reads", "grade", "null", "smallest") | {
            "quantity": self.fact("quantity", compose_quantity(estimand) + scale),
            "kind": str(estimand["kind"]).replace("_", " "),
            "centre": view.line.evidence.centre if view.line else estimand.get("about", "median"),
            "expects": _SIDES[estimand["expects"]],
            "results": self._results() if view.line else None,
            "literature": self.fact("literature", literature["words"]) if literature else None,
            "drawn": whisker_places(self.answer),
            "look": _CLASSES.get(view.verdict, str(view.verdict)),
            "forecasts": self._forecasts(),
        }

    def _results(self) -> Answer:
        address = f"{self.reading.master.rstrip('/')}/findings/{self.number}.zip"
        return {name: self.fact(name) for name in _RESULTS} | {
            "export": self.fact("export", address),
            "command": self.fact("command", f"axiom finding export {self.number}"),
        }

    def _forecasts(self) -> list[Answer]:
        made = []
        for place, forecast in enumerate(evidence_cards.list_finding_forecasts(self.reading, self.view), start=1):
            prediction, score = forecast.prediction, forecast.score
            brier = score.brier if score else None
            texts = {
                "forecaster": forecast.forecaster,
                "foreknowledge": finding_views.judge_foreknowledge(forecast).reason,
                "positive": f"{prediction.positive:.2f}",
                "absent": f"{prediction.absent:.2f}",
                "negative": f"{prediction.negative:.2f}",
                "low": format_number(prediction.interval[0]),
                "high": format_number(prediction.interval[1]),
            } | ({} if brier is None else {"brier": format_number(brier)})
            facts = {name: self.fact(f"forecast{place}.{name}", text) for name, text in texts.items()}
            made.append({"brier": None, **facts, "covered": score.is_covered if score else None})
        return made


def _title(subjects: Sequence[_Subject], studies: Sequence[Study]) -> Answer:
    """The claim of one finding, the question of one experiment, or how many findings there are."""
    if len(subjects) == 1:
        return subjects[0].fact("answer")
    if len(studies) == 1:
        return studies[0].fact("question", studies[0].declared.question)
    return make_fact(f"{format_number(len(subjects))} findings", "findings")


def _links(reading: Reading, numbers: Sequence[int]) -> list[Answer]:
    """The tests among the links of these findings, each once."""
    links = {
        link["number"]: link
        for number in numbers
        for link in link_graph.describe_links(reading, number)["links"]
        if link["bearing"] is not None
    }
    return [
        {"kind": link["kind"], "bearing": link["bearing"], "upheld_by": link["upheld_by"]}
        | {
            end: make_fact(f"{link[end]['noun']} {link[end]['name']}", f"L{number}.{end}", link[end]["href"])
            for end in ("source", "target")
        }
        for number, link in links.items()
    ]


def _others(reading: Reading, subjects: Sequence[_Subject]) -> list[Answer]:
    """Whatever else the same experiments were asked, and linked findings: nothing is left out."""
    linked = {
        int(link[end]["name"])
        for subject in subjects
        for link in link_graph.describe_links(reading, subject.number)["links"]
        for end in ("source", "target")
        if link[end]["noun"] == "finding"
    }
    names = {subject.view.experiment for subject in subjects}
    same = {brief.number for brief in findings.list_finding_briefs(reading.db) if brief.experiment in names}
    others = findings.read_finding_views(reading.db, (same | linked) - {subject.number for subject in subjects})
    return [
        _Subject(reading, view).named("answer", "verdict", "reads", "grade") | {"status": view.finding.status}
        for _, view in sorted(others.items())
    ]


def _quotes(reading: Reading, subjects: Sequence[_Subject]) -> list[Answer]:
    """What people and programs wrote for it, paragraph by paragraph; nothing before all of its findings are weighed."""
    if not all(subject.view.line for subject in subjects):
        return []
    written = kept_prose.list_paper_prose(reading.db, [subject.number for subject in subjects])
    return [
        entry | {"paragraphs": [part for part in entry["text"].split("\n\n") if part.strip()]}
        for entry in resolved_prose.quote_stored_prose(reading, written)
    ]


def _limitations(subjects: Sequence[_Subject]) -> list[Answer]:
    """Each weakness once, with the findings that have it."""
    sentences = [(subject, name, text) for subject in subjects for name, text in _weaknesses(subject)]
    sentences += [
        (subject, "scope", finding_views.finding_scope(subject.reading, subject.view)["words"]) for subject in subjects
    ]
    shared: dict[str, dict[int, tuple[_Subject, str]]] = {}
    for subject, name, text in sentences:
        sentence = text if text.endswith((".", "?", "!")) else f"{text}."
        shared.setdefault(sentence, {}).setdefault(subject.number, (subject, name))
    return [
        {
            "numbers": [subject.named()["number"] for subject, _ in weak.values()],
            "sentence": next(subject.fact(name, sentence) for subject, name in weak.values()),
        }
        for sentence, weak in shared.items()
    ]


def _weaknesses(subject: _Subject) -> Iterable[tuple[str, str]]:
    view, answer = subject.view, subject.answer["evidence"]
    if view.finding.status in VOID:
        yield "status", f"it is {view.finding.status}{f': {view.why_suspended}' if view.why_suspended else ''}"
    if near := kin_of_experiment(subject.reading, subject.experiment_id, view.experiment)["kin"]:
        yield "kin", f"others compute the same or nearly so, and were tried or computed too: {kin_in_words(near)}"
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
    for name in ("platforms", "volunteers", "hosts", "designs"):
        if answer[name] == 1:
            yield name, f"all of it is of one {name.removesuffix('s')}"
    if answer["missing"]:
        yield "missing", f"{tell_amount(answer['missing'], 'replicate')} without a value"
    if answer["false_share"] is None:
        yield "false_share", "it is not among the findings of the whole laboratory, corrected for all that were asked"
    if not answer["again"]:
        yield "again", "no seed of it was computed a second time"
    forecasts = map(finding_views.judge_foreknowledge, evidence_cards.list_finding_forecasts(subject.reading, view))
    for reason in dict.fromkeys(foreknowledge.reason for foreknowledge in forecasts if foreknowledge.is_informed):
        yield "informed", f"a prediction of it was {reason}"


def _unique(answers: Iterable[Answer]) -> list[Answer]:
    unique: list[Answer] = []
    for answer in answers:
        if answer not in unique:
            unique.append(answer)
    return unique
