"""Which picture a question has.

What draws pictures asks this, and every page that shows one: so a page never names another than the one that is drawn.
"""

from collections.abc import Mapping
from typing import Any

from axiom.domain.experiments import Figure
from axiom.domain.headlines.answers import WeighedNumber, choose_headline, choose_pictured_estimand
from axiom.signed.manifests import Manifest


def draws_measure(figure: Figure, measure: str) -> bool:
    """Does the picture that a file declares show this measure, be it as its logarithm?"""
    return measure in {figure.y, f"log_{figure.y}"}


def choose_recorded_estimand(manifest: Manifest, recorded: Mapping[str, WeighedNumber]) -> Mapping[str, Any] | None:
    """Of what the makers had measured that whose repetitions are drawn; None where it answers nothing."""
    headline = choose_headline(manifest.headlines, recorded)
    return choose_pictured_estimand(headline.when, manifest.estimands) if headline else None


def name_question_picture(experiment_id: int, *, has_figure: bool, is_recorded: bool, finding: int) -> str:
    """What happens, as its file draws it; of what is recorded, or where the file draws nothing, each repetition.

    `finding` is the number of the first that carries the answer, or is weighed; 0 where there is none.
    """
    if is_recorded:
        return f"experiment/{experiment_id}/recorded"
    return f"experiment/{experiment_id}/sweep" if has_figure or not finding else f"finding/{finding}/strip"
