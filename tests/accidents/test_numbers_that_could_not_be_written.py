"""Three scripts returned NumPy's own numbers, which JSON does not know: on three computers results were lost."""

from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest

from axiom.domain import declaration
from axiom.domain.work import Outcome
from axiom.store.tasks import results


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a script of that time returned."""

    total: float
    count: int | None


NUMBERS = [(np.float32(0.5), np.int64(4)), (np.array(2.5), np.array(3)), (np.float64("nan"), np.uint8(4))]


@pytest.mark.parametrize(("total", "count"), NUMBERS)
def test_numbers_of_numpy_arrive_and_what_is_no_number_is_said(bench, total, count):
    """From the end of a cell to the laboratory's store, as the runner and the server take them there."""
    values, diverged = declaration.plain(Measures(total=total, count=count), declaration.measures(Measures))
    outcome = Outcome.DIVERGED if diverged else Outcome.OK
    bench.lab.deploy()
    changes = {"outcome": outcome, "measures": values}
    (task,) = bench.compute(1, lambda order: bench.output(order, lambda cell: replace(cell, **changes)))
    stored = results.list_task_results(bench.db, task)
    assert len(stored) == 2
    finite = np.isfinite(total)
    assert {result.measures["total"] for result in stored} == {float(total) if finite else None}
    assert {result.outcome for result in stored} == {Outcome.OK if finite else Outcome.DIVERGED}


def test_the_old_way_lost_the_result_at_its_last_line(bench, monkeypatch):
    monkeypatch.setattr(declaration, "plain", lambda measured, _declared: (asdict(measured), False))
    with pytest.raises(TypeError, match="JSON"):
        test_numbers_of_numpy_arrive_and_what_is_no_number_is_said(bench, *NUMBERS[0])
