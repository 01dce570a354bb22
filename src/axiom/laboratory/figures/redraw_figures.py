"""Draws what has changed: each experiment's sweep and curve; of each finding how it narrowed, its values, its parts."""

import hashlib
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from axiom import __version__
from axiom.domain.estimands import Direction
from axiom.domain.evidence import VOID, verdict_meaning
from axiom.domain.headlines.finding_sentences import WeighedNumber, compose_answer, compose_question
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.headlines.numbers import estimand_scale, find_known_ends, unit_of
from axiom.domain.headlines.prepared_answers import (
    are_all_decided,
    choose_answer,
    choose_headline,
    compose_title,
    count_open_sizes,
    find_denied,
    grade_answer,
    tell_unsure_designs,
)
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.curve_rows import choose_curve_measure, compose_median_curve
from axiom.laboratory.figures.rules.question_picture import (
    MOST_LINES,
    choose_recorded_estimand,
    find_answering_series,
    mark_compared_arms,
    name_question_picture,
    place_recorded_estimates,
)
from axiom.laboratory.figures.rules.sweeps_and_strips import (
    compose_strip,
    compose_sweep,
    describe_scale,
    look_at,
    name_axis,
    place_points,
)
from axiom.limits import figures as limits
from axiom.server.upkeep.jobs import Job
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.connections import Connections
from axiom.store.credit.ledger import DAY
from axiom.store.engine import blobs, counters
from axiom.store.engine.database import Database, Row, from_microseconds, to_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.experiments.recorded_answers import (
    RecordedNumber,
    find_recorded_estimates,
    find_recorded_numbers,
)
from axiom.store.findings import evidence
from axiom.store.findings.evidence import WeighedFinding
from axiom.store.registrations import registrations
from axiom.store.upkeep import figures
from axiom.store.views import credit
from axiom.store.views.results import MeasuredLists, MeasureTally
from axiom.store.writer import Writer
from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.evidence.weigh_claim import make_finding_card
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.forest_rows import parts_of
from axiom_weigh.figures.picture_data import (
    Curve,
    Forest,
    History,
    Look,
    Narrowing,
    Request,
    SharedCard,
    Strip,
    Sweep,
    SweepPoint,
    shared_card,
)
from axiom_weigh.values import Evidence, Verdict

log = logging.getLogger("axiom.draw")

CARD = "card"
# Results of a version; what it declares, and blocks and status of each finding
_State = tuple[int, tuple[Manifest, tuple[tuple[int, str], ...]]]
_WIDTHS = (660, 326)  # pixels of a page's column and of a telephone's


def draw_job(writer: Writer, folder: Folder, laboratory: str, now: Callable[[], datetime]) -> Job:
    gallery, began = FigureUpdater(writer, folder, laboratory=laboratory), now()

    def draw() -> None:
        """The cores belong to the first findings before; what is known already has some two hundred pictures."""
        is_beginning = now() - began < limits.FIRST_DRAWN_AFTER and not _has_evidence(folder)
        gallery.draw(now(), most=limits.FIRST_DRAWN if is_beginning else None)

    return Job(name="draw", every=2.0, work=draw, remembered=False)


def _has_evidence(folder: Folder) -> bool:
    with Connections(folder=folder).reader() as reader:
        return evidence.has_any_evidence(reader)


class FigureUpdater:
    """Keeps the pictures of a laboratory up to date. Looks again only at what has more results than last time."""

    def __init__(self, writer: Writer, folder: Folder, *, laboratory: str = "Axiom") -> None:
        self._laboratory = laboratory
        self._writer = writer
        self._folder = folder
        self._seen: dict[int, _State] = {}
        self._rests: dict[int, datetime] = {}
        self._refused: set[str] = set()
        self._credited: date | None = None

    def draw(self, now: datetime, most: int | None = None) -> int:
        """Draw what has changed, or as many of it, and first what a front page shows; how many pictures that were."""
        seen: dict[int, _State] = {}
        with Connections(folder=self._folder).reader() as reader:
            stale = sorted(self._stale(reader, seen, now), key=lambda row: _count_lines(row[1]))
        drawn = sum(self._redraw(name, request, shown, now) for name, request, shown in stale[:most])
        if most is None or len(stale) <= most:  # not before: what could not be stored is drawn again
            self._seen.update(seen)
            self._credited = now.date()
        return drawn

    def _stale(self, db: Database, seen: dict[int, _State], now: datetime) -> Iterator[tuple[str, Request, str]]:
        drawn, counted = figures.list_figure_contents(db), counters.read_counters(db)
        for experiment in experiments.list_experiment_versions(db):
            weighed = evidence.list_weighed_findings(db, experiment.id)
            results = sum(counted.get(("result", experiment.id, outcome), 0) for outcome in Outcome)
            standing = tuple((finding.blocks, finding.status) for finding in weighed)
            state = results, (stored_manifest(experiment.manifest), standing)
            before = self._seen.get(experiment.id)
            if before == state or (before and self._may_rest(experiment.id, before, state, now)):
                continue
            seen[experiment.id] = state
            self._rests[experiment.id] = now + limits.REDRAWN_EVERY
            yield from self._changed(_pictures(db, experiment, weighed, self._laboratory), drawn)
        if self._credited != now.date():
            yield from self._changed(_credit(db, now), drawn)

    def _changed(
        self, pictures: Iterator[tuple[str, Request]], drawn: Mapping[str, str]
    ) -> Iterator[tuple[str, Request, str]]:
        """Those that show something else than when they were drawn."""
        for name, request in pictures:
            shown = _digest(request)
            if drawn.get(_stored_names(name)[0]) != shown and shown not in self._refused:
                yield name, request, shown

    def _may_rest(self, experiment_id: int, before: _State, state: _State, now: datetime) -> bool:
        """Can a picture stand a while longer? Not the first one, and not when a block or a finding closed."""
        return before[0] > 0 and before[1] == state[1] and now < self._rests[experiment_id]

    def _redraw(self, name: str, request: Request, shown: str, now: datetime) -> int:
        try:
            svg = svg_of(request)
        except FigureNotDrawn as error:
            self._refused.add(shown)  # the same numbers would fail again
            log.error("figure.not_drawn name=%s %s", name, error)
            return 0
        self._writer.run(lambda db: self._keep(db, name, shown, svg, now))
        return 1

    def _keep(self, db: Database, name: str, shown: str, svg: str, now: datetime) -> None:
        for stored, drawing in zip(_stored_names(name), _split_widths(svg), strict=True):
            digest = blobs.store_blob(db, self._folder, drawing.encode(), now)
            figures.store_figure(db, self._folder, name=stored, shown=shown, svg=digest, now=now)


def _count_lines(request: Request) -> float:
    """How many lines a course has: of few lines they lead the front page. A page waits for no card."""
    if isinstance(request, Sweep):
        return len({point.series for point in request.points})
    return math.inf if isinstance(request, SharedCard) else MOST_LINES


def _stored_names(name: str) -> list[str]:
    """Under which names a picture is kept: one for each of its widths. A card has one."""
    return [name] if name.endswith(f"/{CARD}") else [f"{name}/{width}" for width in _WIDTHS]


def _credit(db: Database, now: datetime) -> Iterator[tuple[str, Request]]:
    """Credit by the end of each day that is over: the picture changes once a day."""
    today = to_microseconds(now) // DAY
    days = [day for day in credit.list_credit_days(db) if day.day < today]
    if len(days) > 1:
        yield (
            "ledger/credit",
            History(
                name="ledger-credit",
                title="Credit awarded by the end of each day",
                y="credit in all",
                days=tuple(day.day for day in days),
                dates=tuple(f"{from_microseconds(day.day * DAY):%Y-%m-%d}" for day in days),
                totals=tuple(total / 1_000 for total in accumulate(day.amount for day in days)),
            ),
        )


def _digest(request: Request) -> str:
    """What a picture shows, in short; also with a number that is none, for which whoever draws refuses it alone."""
    kind = CARD if isinstance(request, SharedCard) else type(request).__name__.lower()
    content = {"kind": kind, "drawn_by": __version__, **asdict(request)}  # another version may draw it otherwise
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _split_widths(svg: str) -> list[str]:
    """The drawings of both widths, which come one after the other."""
    return [f"{part}</svg>" for part in svg.split("</svg>") if part.strip()]


def _pictures(
    db: Database, experiment: StoredExperiment, weighed: list[WeighedFinding], laboratory: str
) -> Iterator[tuple[str, Request]]:
    manifest = stored_manifest(experiment.manifest)
    newest_first = sorted(weighed, key=lambda finding: -finding.number)
    own = {finding.estimand: finding.number for finding in newest_first if finding.status not in VOID}
    lines = {finding.number: evidence.list_evidence_lines(db, finding.number) for finding in weighed}
    newest = {estimand: evidence.parse_evidence(lines[number][-1]) for estimand, number in own.items() if lines[number]}
    pictures: dict[str, Request | None] = {
        f"experiment/{experiment.id}/sweep": experiment_sweep(db, experiment, manifest, newest),
        f"experiment/{experiment.id}/curve": experiment_curve(db, experiment, manifest),
        f"experiment/{experiment.id}/recorded": recorded_picture(experiment, manifest),
    }
    own_pictures = dict(
        pair for finding in weighed for pair in _finding_pictures(db, finding, lines[finding.number], laboratory)
    )
    recorded = find_recorded_numbers(experiment.name, experiment.version)
    verdicts = {
        number: Verdict(stored[-1]["verdict"]) if stored else Verdict.UNDECIDED for number, stored in lines.items()
    }
    own_verdicts = [(finding.estimand, finding.status, verdicts[finding.number]) for finding in weighed]
    denied = find_denied(own_verdicts, recorded)
    headline, is_recorded = choose_answer(manifest.headlines, newest, recorded, manifest.estimands, denied)
    shown = name_question_picture(
        experiment.id,
        has_figure=manifest.figure is not None,
        is_recorded=is_recorded,
        finding=own[next(iter(headline.when))] if headline and not is_recorded else min(own.values(), default=0),
    )
    if headline or own_pictures:
        picture = (pictures | own_pictures).get(shown) if headline else None  # words do not change with every result
        numbers: Mapping[str, Evidence | RecordedNumber] = recorded if is_recorded else newest
        carrying = {name: numbers[name] for name in headline.when} if headline else {}
        is_decided = len(newest) == len(own) and are_all_decided(newest)
        pictures[f"experiment/{experiment.id}/{CARD}"] = SharedCard(
            name=f"experiment-{experiment.id}-card",
            title=compose_title(
                manifest.question,
                headline,
                open_sizes=count_open_sizes(manifest.estimands, carrying),
                of_designs=tell_unsure_designs(carrying),
                is_decided=is_decided,
            ),
            laboratory=laboratory,
            above="Question",
            number=_tell_repetitions(carrying) if headline else "",
            stands=f"Grade {grade_answer(carrying)}" if headline else "Decided" if is_decided else "Being computed",
            verdict=Verdict.UNDECIDED,
            picture=None if isinstance(picture, SharedCard) else picture,
        )
    yield from ((name, request) for name, request in (own_pictures | pictures).items() if request)


def _tell_repetitions(carrying: Mapping[str, Evidence | RecordedNumber]) -> str:
    repetitions = tell_amount(min(number.seeds for number in carrying.values()), "repetition")
    is_by_makers = any(isinstance(number, RecordedNumber) for number in carrying.values())
    return f"{repetitions}, by the makers" if is_by_makers else repetitions


def experiment_sweep(
    db: Database, experiment: StoredExperiment, manifest: Manifest, newest: Mapping[str, Evidence] | None = None
) -> Sweep | None:
    """The declared figure over what is back so far, of very many the first, as the page's table has it.

    Quick results are back first, and what failed or was stopped has no value. Its intervals are to look at. One that
    holds at every look is a finding's, which takes whole blocks. What the headline compares is marked.
    """
    if manifest.figure is None:
        return None
    by_place, _ = place_points(manifest, MeasureTally().values(db, experiment.id, manifest.figure.y).by_config)
    return _compose_answer_sweep(f"experiment-{experiment.id}-sweep", manifest, newest or {}, by_place)


def _compose_answer_sweep(
    name: str, manifest: Manifest, numbers: Mapping[str, WeighedNumber], by_place: Mapping[int, SweepPoint]
) -> Sweep | None:
    headline = choose_headline(manifest.headlines, numbers, manifest.estimands)
    rests_on = headline.when if headline else ()
    return compose_sweep(
        manifest,
        by_place.values(),
        name=name,
        marks=mark_compared_arms(manifest, rests_on, numbers, by_place),
        spoken_of=find_answering_series(manifest, rests_on, by_place),
    )


def recorded_picture(experiment: StoredExperiment, manifest: Manifest) -> Sweep | Strip | None:
    """What the makers of the catalogue had measured: the figure where it shows their answer, else its repetitions."""
    numbers = find_recorded_numbers(experiment.name, experiment.version)
    estimates = find_recorded_estimates(experiment.name, experiment.version)
    by_place, _ = place_recorded_estimates(manifest, numbers, estimates)
    if by_place:
        return _compose_answer_sweep(f"experiment-{experiment.id}-recorded", manifest, numbers, by_place)
    declared = choose_recorded_estimand(manifest, numbers)
    if declared is None:
        return None
    estimand, number = with_words(declared, manifest, manifest.configs), numbers[declared["name"]]
    low, high = find_known_ends(estimand, number.low, number.high)
    return Strip(
        name=f"experiment-{experiment.id}-recorded",
        title=compose_question(estimand),
        y=estimand["name"],
        axis=name_axis(estimand),
        unit=unit_of(estimand)[0],
        centre=number.centre,
        replicates=tuple(range(len(number.values))),
        values=number.values,
        look=Look(
            seeds=len(number.values),
            estimate=number.estimate,
            low=low,
            high=high,
            verdict=number.verdict,
            grade=number.grade,
        ),
        null=estimand["null"],
        smallest=estimand["smallest"],
    )


def experiment_curve(db: Database, experiment: StoredExperiment, manifest: Manifest) -> Curve | None:
    """The first measure that is a curve, of the first replicates, as far as they are back."""
    measure = choose_curve_measure(manifest.measures)
    if measure is None:
        return None
    lists = MeasuredLists()
    lists.read(db, experiment.id, measure, limits.CURVE_REPLICATES)
    return compose_median_curve(f"experiment-{experiment.id}-curve", measure, manifest.configs, lists.by_config)


def _finding_pictures(
    db: Database, finding: WeighedFinding, lines: Sequence[Row], laboratory: str
) -> Iterator[tuple[str, Request]]:
    registration = registrations.find_registration(db, finding.registration_id)
    if not lines or registration is None:
        return
    weighed = [evidence.parse_evidence(line) for line in lines]
    if all(line.estimate is None for line in weighed):
        return
    estimand = next(claim for claim in json.loads(registration.body)["estimands"] if claim["name"] == finding.estimand)
    looks = tuple(look_at(estimand, line) for line in weighed)
    reads = verdict_meaning(looks[-1].verdict, Direction(estimand["expects"]))
    yield (
        f"finding/{finding.number}/{CARD}",
        shared_card(
            finding.number,
            compose_answer(estimand, weighed[-1], finding.status),
            looks[-1].verdict,
            reads.value,
            looks[-1],
            is_signed=estimand["null"] == 0,
            laboratory=laboratory,
            scale=estimand_scale(estimand),
        ),
    )
    low, high = estimand["prediction"]["interval"]
    about = describe_scale(estimand)
    yield (
        f"finding/{finding.number}/narrowing",
        Narrowing(
            name=f"finding-{finding.number}-narrowing",
            title=compose_question(estimand),
            looks=looks,
            predicted=(low, high),
            **about,
        ),
    )
    strip = compose_strip(finding.number, estimand, weighed[-1], evidence.read_observations(db, finding.number))
    yield f"finding/{finding.number}/strip", strip
    about |= {"title": compose_question(estimand), "look": looks[-1], "axis": name_axis(estimand)}
    yield from _forest(db, finding, about)


def _forest(db: Database, finding: WeighedFinding, about: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    """The finding's parts; they are weighed here, since the history keeps the whole alone."""
    inputs = evidence.read_card_inputs(db, finding.number)
    if inputs is None:
        return
    weighed = make_finding_card(
        inputs.estimand,
        inputs.observations,
        blocks=inputs.blocks,
        homes=inputs.homes,
        surroundings=inputs.surroundings,
    )
    parts, pooled = parts_of(weighed), weighed.pooled
    if any(part.estimate is not None for part in parts):
        expected = (pooled.prediction_low, pooled.prediction_high) if pooled else None
        name = f"finding-{finding.number}-forest"
        yield f"finding/{finding.number}/forest", Forest(name=name, parts=parts, expected=expected, **about)
