"""Which picture a question has, and where each config stands in the one that its file declares.

What draws pictures asks this, and every page that shows one: so a page never names another than the one that is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.headlines.answers import name_in_words, tell_levels
from axiom.signed.manifests import Manifest
from axiom_weigh.figures.picture_data import MeasuredConfig, PointMark, Sweep, SweepPoint, points_of
from axiom_weigh.statistics.shares_and_medians import median_of, median_sequence


def name_question_picture(experiment_id: int, *, has_figure: bool, is_recorded: bool, finding: int) -> str:
    """What happens, as its file draws it; of what is recorded, or where the file draws nothing, each repetition.

    `finding` is the number of the first that carries the answer, or is weighed; 0 where there is none.
    """
    if is_recorded:
        return f"experiment/{experiment_id}/recorded"
    return f"experiment/{experiment_id}/sweep" if has_figure or not finding else f"finding/{finding}/strip"


def place_points(manifest: Manifest, values: Mapping[int, Sequence[float]]) -> tuple[dict[int, SweepPoint], str]:
    """Each config that the figure shows, by its place in the sweep, and the factors by which its series are told."""
    figure = manifest.figure
    if figure is None:
        return {}, ""
    shown = [place for place, config in enumerate(manifest.configs) if figure.shows(config)]
    in_words = [tell_levels(manifest.words, manifest.configs[place], figure.x) for place in shown]
    measured = [_measure(config, values.get(place, ())) for place, config in zip(shown, in_words, strict=True)]
    points, by = points_of(figure.x, measured)
    return dict(zip(shown, points, strict=True)), by


def compose_sweep(
    experiment_id: int, manifest: Manifest, points: Sequence[SweepPoint], marks: Sequence[PointMark] = ()
) -> Sweep | None:
    """The declared figure of these points; None where it has nothing to show."""
    figure = manifest.figure
    if figure is None or all(point.median is None for point in points):
        return None
    return Sweep(
        name=f"experiment-{experiment_id}-sweep",
        title=figure.title,
        x=name_in_words(manifest.words, figure.x),
        y=name_in_words(manifest.words, figure.y),
        points=tuple(points),
        log=figure.log,
        marks=tuple(marks),
    )


def _measure(config: Mapping[str, Any], values: Sequence[float]) -> MeasuredConfig:
    low, high = median_sequence(values)
    return MeasuredConfig(
        config=config, seeds=len(values), median=median_of(values) if values else None, low=low, high=high
    )
