"""Where each config stands in the picture that a file declares, and what that and a finding's repetitions show."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from axiom.domain.estimands import Direction, Kind
from axiom.domain.evidence import ConfigEstimate
from axiom.domain.headlines.finding_sentences import compose_question, name_number
from axiom.domain.headlines.names_in_words import name_in_words, tell_levels
from axiom.domain.headlines.numbers import (
    bare_number,
    find_known_ends,
    is_percentage,
    is_ratio,
    rescale_number,
    unit_of,
)
from axiom.signed.manifests import Manifest
from axiom_weigh.figures.picture_data import (
    Level,
    Look,
    MeasuredConfig,
    PointMark,
    Strip,
    Sweep,
    SweepPoint,
    look_of,
    points_of,
    values_of,
)
from axiom_weigh.statistics.shares_and_medians import median_of, median_sequence, share_sequence
from axiom_weigh.values import Cohort, Evidence, Observation

_NOTHING = ConfigEstimate(0, None, None, None)
_OF_MEASURES = {Kind.CONTRAST, Kind.LEVEL}  # whose number is on the scale of what is measured


def place_points(manifest: Manifest, values: Mapping[int, Sequence[float]]) -> tuple[dict[int, SweepPoint], str]:
    """Each config that the figure shows, by its place in the sweep, and the factors by which its series are told."""
    summarized = {
        place: summarize_values(measured, is_event=draws_shares(manifest)) for place, measured in values.items()
    }
    return place_estimates(manifest, summarized)


def place_estimates(manifest: Manifest, estimates: Mapping[int, ConfigEstimate]) -> tuple[dict[int, SweepPoint], str]:
    """The same of medians, or of shares, that are known already."""
    figure = manifest.figure
    if figure is None:
        return {}, ""
    shown = [place for place, config in enumerate(manifest.configs) if figure.shows(config)]
    if logarithm := _find_logarithm(manifest):
        estimates = {place: _raise(estimate, logarithm) for place, estimate in estimates.items()}
    in_words = [tell_levels(manifest.words, manifest.configs[place], figure.x) for place in shown]
    measured = [
        MeasuredConfig(config=config, **estimates.get(place, _NOTHING)._asdict())
        for place, config in zip(shown, in_words, strict=True)
    ]
    points, by = points_of(figure.x, measured)
    return dict(zip(shown, points, strict=True)), by


def _find_logarithm(manifest: Manifest) -> Mapping[str, Any] | None:
    """The estimand that tells the drawn measure as so many times as much: that is a logarithm."""
    return next(filter(is_ratio, _list_estimands_of_figure(manifest)), None)


def _list_estimands_of_figure(manifest: Manifest) -> list[Mapping[str, Any]]:
    """Those whose number is on the scale of what the declared figure draws."""
    return [
        estimand
        for estimand in manifest.estimands
        if manifest.figure and estimand["measure"] == manifest.figure.y and estimand["kind"] in _OF_MEASURES
    ]


def _raise(estimate: ConfigEstimate, logarithm: Mapping[str, Any]) -> ConfigEstimate:
    seeds, *ends = estimate
    return ConfigEstimate(seeds, *(None if end is None else rescale_number(logarithm, end) for end in ends))


def compose_sweep(
    manifest: Manifest,
    points: Iterable[SweepPoint],
    *,
    name: str,
    marks: Iterable[PointMark] = (),
    own: Iterable[SweepPoint] = (),
    spoken_of: Iterable[Level | None] = (),
) -> Sweep | None:
    """The declared figure of these points; None where it has nothing to show. `own` are points to point out."""
    figure, drawn = manifest.figure, tuple(points)
    if figure is None or all(point.estimate is None for point in drawn):
        return None
    return Sweep(
        name=name,
        title=figure.title,
        x=figure.along or name_in_words(manifest.words, figure.x),
        y=name_in_words(manifest.words, figure.y),
        points=drawn,
        log=(*figure.log, "y") if _find_logarithm(manifest) else figure.log,
        marks=tuple(marks),
        own=tuple(own),
        spoken_of=tuple(spoken_of),
        levels=figure.levels,
        is_share=draws_shares(manifest),
        percent=find_percent(manifest),
    )


def draws_shares(manifest: Manifest) -> bool:
    """Does the declared figure show how often something happens? The median of that would be yes or no."""
    return manifest.figure is not None and manifest.figure.y in manifest.events


def find_percent(manifest: Manifest) -> str:
    """In what the height of a point is told, where sentences about it tell it in hundredths; else nothing."""
    if draws_shares(manifest):
        return "%"
    if manifest.figure and manifest.figure.percent:
        return manifest.figure.percent
    percentages = list(filter(is_percentage, _list_estimands_of_figure(manifest)))
    levels = [unit_of(estimand)[1] for estimand in percentages if estimand["kind"] == Kind.LEVEL]
    parts = [unit_of(estimand)[1] for estimand in percentages if unit_of(estimand)[1].startswith("% ")]
    return next(iter(levels + parts), "%" if percentages else "")  # a level is what is drawn, a contrast its difference


def compose_strip(
    number: int,
    estimand: Mapping[str, Any],
    line: Evidence,
    observed: Sequence[Observation],
    own: Collection[int] = (),
) -> Strip:
    """The value in each replicate of a finding as it was weighed last; `own` are replicates to point out."""
    replicates, values = values_of(observed)
    older = {observation.replicate for observation in observed if observation.cohort is Cohort.EXPLORATORY}
    return Strip(
        name=f"finding-{number}-strip",
        title=compose_question(estimand),
        replicates=replicates,
        values=values,
        look=look_at(estimand, line),
        older=tuple(sorted(older)),
        own=tuple(sorted(set(own).intersection(replicates))),
        centre=line.centre,
        **describe_scale(estimand),
    )


def look_at(estimand: Mapping[str, Any], line: Evidence) -> Look:
    """What a picture shows of evidence: no end of an interval that lies on a bound, since it excludes nothing there."""
    low, high = find_known_ends(estimand, line.low, line.high)
    return replace(look_of(line), low=low, high=high)


def describe_scale(estimand: Mapping[str, Any]) -> dict[str, Any]:
    """What a picture of a finding's values is drawn against."""
    side = {Direction.MORE: "above", Direction.LESS: "below", Direction.ABSENT: "near"}[Direction(estimand["expects"])]
    return {
        "y": estimand["name"],
        "null": estimand["null"],
        "smallest": estimand["smallest"],
        "unit": unit_of(estimand)[0],
        "axis": f"{name_axis(estimand)}, {side} {bare_number(estimand, estimand['null'])}: as claimed",
    }


def name_axis(estimand: Mapping[str, Any]) -> str:
    """What stands along the axis of a finding: what is drawn, and in what it is."""
    name, unit = name_number(estimand).rstrip(","), unit_of(estimand)[1]
    return f"{name}: {unit}" if unit else name


def summarize_values(values: Sequence[float], *, is_event: bool) -> ConfigEstimate:
    """What they say, however few there are: of events their share, which is all that they can say."""
    if is_event and values:
        happened = sum(value > 0.5 for value in values)
        return ConfigEstimate(len(values), happened / len(values), *share_sequence(happened, len(values)))
    return ConfigEstimate(len(values), median_of(values) if values else None, *median_sequence(values))
