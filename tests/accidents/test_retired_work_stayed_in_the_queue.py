"""2,348 workunits of retired experiments still waited for hosts, and were cancelled by hand."""

import pytest

from axiom.laboratory.experiments.commands import experiments as commands
from axiom.laboratory.experiments.commands.experiments import RetireExperiment
from axiom.store.experiments import experiments

WAITING = 234  # a tenth of those


def test_to_retire_is_to_cancel_what_waits(bench):
    """From the very command on, whoever asks and whatever time passes. What is out may still come and is kept."""
    bench.lab.deploy(workunits=WAITING + 1)
    out = bench.lab.order(2)
    with bench.db.transaction():
        RetireExperiment(experiment="tiny_sum", reason="it is settled").apply(bench.db, None, None, bench.lab.now)
    waiting = bench.amount("SELECT count(*) AS n FROM task WHERE state = 'unsent'")
    assert waiting == 0, f"{waiting} tasks wait still"
    made = bench.amount("SELECT count(*) AS n FROM task")
    assert made == WAITING + 1
    for _ in range(3):
        assert not bench.lab.ask(1, wanted=8)
        bench.lab.later(days=1)
        bench.lab.sweep()
    bench.lab.report(out, bench.lab.output(out))
    bench.lab.validate()
    bench.lab.sweep()
    assert bench.amount("SELECT count(*) AS n FROM task") == made
    assert bench.amount("SELECT count(*) AS n FROM workunit WHERE state = 'cancelled'") == made
    assert bench.amount("SELECT count(*) AS n FROM result") == 2
    assert bench.lab.broken() == {}


def test_the_old_way_wrote_retired_and_left_the_queue_as_it_was(bench, monkeypatch):
    monkeypatch.setattr(
        commands, "retire_version", lambda db, number, why, now: experiments.retire_experiment(db, number, now, why)
    )

    with pytest.raises(AssertionError, match="234 tasks wait still"):
        test_to_retire_is_to_cancel_what_waits(bench)
