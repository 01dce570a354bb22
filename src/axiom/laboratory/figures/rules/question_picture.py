"""Which picture a question has.

What draws pictures asks this, and every page that shows one: so a page never names another than the one that is drawn.
"""

from collections.abc import Collection, Mapping
from typing import Any

from axiom.domain.evidence import ConfigEstimate
from axiom.domain.experiments import Figure
from axiom.domain.headlines.finding_sentences import WeighedNumber, name_arms
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.headlines.numbers import estimate_with_unit
from axiom.domain.headlines.prepared_answers import choose_headline, choose_pictured_estimand
from axiom.laboratory.figures.rules.sweeps_and_strips import place_estimates
from axiom.signed.manifests import Manifest
from axiom_weigh.figures.picture_data import Level, PointMark, SweepPoint
from axiom_weigh.statistics.estimand_arithmetic import list_needed_configs
from axiom_weigh.values import Evidence

MOST_LINES = 1_000  # of a course, more than any has


def draws_measure(figure: Figure, measure: str) -> bool:
    """Does the picture that a file declares show this measure, be it as its logarithm?"""
    return measure in {figure.y, f"log_{figure.y}"}


def draws_answer(manifest: Manifest, names: Collection[str]) -> bool:
    """Does the picture that a file declares show what any of these estimands is about?"""
    figure = manifest.figure
    return figure is not None and any(
        figure.shows(manifest.configs[place])
        for estimand in _list_drawn_estimands(manifest)
        if estimand["name"] in names
        for place in list_needed_configs(estimand, manifest.configs)
    )


def _list_drawn_estimands(manifest: Manifest) -> list[Mapping[str, Any]]:
    """Those of the measure that the declared picture shows, be it at their configs or at others."""
    figure = manifest.figure
    return [estimand for estimand in manifest.estimands if figure and draws_measure(figure, estimand["measure"])]


def choose_recorded_estimand(manifest: Manifest, recorded: Mapping[str, WeighedNumber]) -> Mapping[str, Any] | None:
    """Of what the makers had measured that whose repetitions are drawn; None where it answers nothing."""
    headline = choose_headline(manifest.headlines, recorded, manifest.estimands)
    return choose_pictured_estimand(headline.when, manifest.estimands) if headline else None


def place_recorded_estimates(
    manifest: Manifest, recorded: Mapping[str, WeighedNumber], estimates: Mapping[int, ConfigEstimate]
) -> tuple[dict[int, SweepPoint], str]:
    """The points of the makers' picture, where that shows what their answer says; else none: it has another."""
    headline = choose_headline(manifest.headlines, recorded, manifest.estimands)
    is_drawn = headline is not None and bool(estimates) and draws_answer(manifest, headline.when)
    return place_estimates(manifest, estimates) if is_drawn else ({}, "")


def rank_question_picture(manifest: Manifest, names: Collection[str], *, is_recorded: bool, has_estimates: bool) -> int:
    """How well its picture tells an answer: a course that shows it, of few lines, its repetitions, another course."""
    figure = manifest.figure
    if figure is None:
        return MOST_LINES + 1
    drawn = [config for config in manifest.configs if figure.shows(config)]
    levels = {repr(config[figure.x]) for config in drawn}
    if draws_answer(manifest, names) and len(levels) > 1 and (has_estimates or not is_recorded):
        return len({repr({**config, figure.x: None}) for config in drawn})
    return MOST_LINES + (1 if is_recorded else 2)


def find_compared_arms(manifest: Manifest, names: Collection[str]) -> tuple[int, int, Mapping[str, Any]] | None:
    """The places of the two arms that an answer compares in the picture, of several those that are farthest apart."""
    figure = manifest.figure
    compared = []
    for estimand in _list_drawn_estimands(manifest):
        if figure and estimand["name"] in names:
            arms = [
                [place for place, config in enumerate(manifest.configs) if arm.items() <= config.items()]
                for arm in estimand["between"]
            ]
            is_drawn = all(figure.shows(manifest.configs[place]) for arm in arms for place in arm)
            if list(map(len, arms)) == [1, 1] and is_drawn:
                compared.append((arms[0][0], arms[1][0], estimand))
    return max(compared, key=lambda row: abs(row[0] - row[1]), default=None)


def mark_compared_arms(
    manifest: Manifest,
    names: Collection[str],
    numbers: Mapping[str, WeighedNumber],
    by_place: Mapping[int, SweepPoint],
) -> tuple[PointMark, ...]:
    """Those two with what they are and how far they lie apart; none where the answer compares none of the picture."""
    compared = find_compared_arms(manifest, names)
    if compared is None:
        return ()
    first, second, estimand = compared
    worded, line = with_words(estimand, manifest, manifest.configs), numbers[estimand["name"]]
    arms = name_arms(worded)
    how_much = ""
    if line.estimate is not None:
        over = f" over {line.designs} designs" if isinstance(line, Evidence) and line.designs > 1 else ""
        how_much = f"{estimate_with_unit(worded, line.estimate, line.low, line.high)}{over},"
    return (
        PointMark(point=by_place[first], words=arms[0], more=(how_much, f"compared with {arms[1]}")),
        PointMark(point=by_place[second], words=arms[1], is_reference=True),
    )


def find_answering_series(
    manifest: Manifest, names: Collection[str], by_place: Mapping[int, SweepPoint]
) -> tuple[Level | None, ...]:
    """The lines of the picture on which there is what these estimands measure."""
    spoken_of = [
        place
        for estimand in _list_drawn_estimands(manifest)
        if estimand["name"] in names
        for place in list_needed_configs(estimand, manifest.configs)
    ]
    return tuple(dict.fromkeys(by_place[place].series for place in spoken_of if place in by_place))


def list_pictured_estimands(manifest: Manifest, by_place: Mapping[int, SweepPoint]) -> list[str]:
    """Those of which the picture shows all that they are concluded from, be it weighed or not."""
    drawn = {place for place, point in by_place.items() if point.estimate is not None}
    return [
        estimand["name"]
        for estimand in _list_drawn_estimands(manifest)
        if drawn.issuperset(list_needed_configs(estimand, manifest.configs))
    ]


def name_question_picture(experiment_id: int, *, has_figure: bool, is_recorded: bool, finding: int) -> str:
    """What happens, as its file draws it; of what is recorded, or where the file draws nothing, each repetition.

    `finding` is the number of the first that carries the answer, or is weighed; 0 where there is none.
    """
    if is_recorded:
        return f"experiment/{experiment_id}/recorded"
    return f"experiment/{experiment_id}/sweep" if has_figure or not finding else f"finding/{finding}/strip"
