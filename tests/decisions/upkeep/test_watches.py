"""Whether a result shows what a watch waits for: numbers only, and the first of a curve."""

from datetime import UTC, datetime

import pytest

from axiom.decisions.upkeep.watches import shows
from axiom.domain.failures import Comparison, Watch


def watch(comparison=Comparison.ABOVE, threshold=0.5) -> Watch:
    facts = {"id": 1, "experiment_id": 1, "sentence": "more than half", "measure": "accuracy", "seen_result": 0}
    return Watch(comparison=comparison, threshold=threshold, registered_at=datetime(2026, 3, 2, tzinfo=UTC), **facts)


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        (Comparison.ABOVE, None, None, 0.6),
        (Comparison.AT_LEAST, None, 0.5, 0.6),
        (Comparison.BELOW, 0.4, None, None),
        (Comparison.AT_MOST, 0.4, 0.5, None),
    ],
)
def test_each_comparison_at_its_border(comparison, below, at, above):
    held = [shows(watch(comparison), {"accuracy": value}) for value in (0.4, 0.5, 0.6)]
    assert held == [below, at, above]


@pytest.mark.parametrize(
    "measures",
    [
        *(None, {}, {"accuracy": None}, {"accuracy": True}, {"accuracy": "0.9"}),
        *({"accuracy": float("nan")}, {"accuracy": float("inf")}, {"accuracy": []}, {"accuracy": [0.1, None]}),
    ],
)
def test_what_is_no_number_or_not_there_shows_nothing(measures):
    assert shows(watch(), measures) is None
    assert shows(watch(), {"accuracy": [0.1, 0.7, 0.9]}) == 0.7  # of a curve the first value that does
    assert watch().predicate == "accuracy > 0.5"
