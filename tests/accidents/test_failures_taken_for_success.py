"""132 results said that they were a success, and held a traceback: outcome 1 was taken at its word."""

from dataclasses import replace

import pytest

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Outcome, Result, TaskState
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.failures.rules.failures import group_failures
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.rules.tasks.validation import Validation
from axiom.server.returns import validator
from axiom.signed.outputs import CellError
from axiom.store.tasks import endings

AMOUNT = 12
RAISED = CellError(kind="KeyError", where="axiom/catalogue/tiny_sum.py:31")


def test_a_success_with_a_traceback_inside_is_a_failure(bench):
    """Neither a result nor paid as one, and counted at the line that raised."""
    bench.lab.deploy(workunits=AMOUNT)
    broken = {"outcome": Outcome.FAILED, "measures": None, "error": RAISED}
    brought = bench.compute(AMOUNT, lambda order: bench.output(order, lambda cell: replace(cell, **broken)))
    assert len(brought) == AMOUNT
    with bench.db.transaction():
        CreditPayer().pay(bench.db, bench.lab.now)
        count_failures(bench.db, bench.lab.now)
    assert bench.amount("SELECT count(*) AS n FROM task WHERE exit_status = 0 AND state = 'failed'") == AMOUNT
    assert bench.amount("SELECT count(*) AS n FROM result") == 0
    assert bench.amount("SELECT count(*) AS n FROM award") == 0
    (group,) = group_failures(endings.list_failure_counts(bench.db), endings.list_working_hosts(bench.db))
    assert (group.cause, group.tasks) == (Cause.CELL_FAILED, AMOUNT)
    assert group.raised == "KeyError at axiom/catalogue/tiny_sum.py, line 31"


def test_the_old_way_took_a_success_at_its_word(bench, monkeypatch):
    same = ("replicate", "config", "seed", "outcome", "measures", "early", "cpu_seconds")

    def believe(*, ticket, experiment_id, output, **_):
        ids = {"task_id": ticket.task, "experiment_id": experiment_id}
        cells = tuple(Result(**ids, **{name: getattr(cell, name) for name in same}) for cell in output.cells)
        return Validation(state=TaskState.VALID, reason="it says so", results=cells)

    monkeypatch.setattr(validator, "validate_output", believe)
    with pytest.raises(AssertionError, match="assert 0 == 12"):
        test_a_success_with_a_traceback_inside_is_a_failure(bench)
