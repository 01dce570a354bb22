"""A misspelt key in the summary, after training: 132 results were lost at the hosts, and some 960 workunits wasted."""

import contextlib

import pytest

from axiom.domain.releases import Stage
from axiom.laboratory.experiments import breaker, release_stages
from axiom.laboratory.experiments.recall_and_reopen import reopen_finding
from axiom.laboratory.findings import observe
from axiom.rules.experiments.release_stages import Rollout
from axiom.server.dispatch import work_queues
from axiom.store.findings import evidence

SEVERAL = 10  # tasks that a fault in every one of them may cost


def misspelt(*_: object) -> float:
    """The line of that script."""
    return {"top_sv_growths": 1.0}["top_sv_growth"]


def before_it_returns(order) -> bytes | None:
    """As a script of that time: it concludes first, and what was measured is gone when that fails."""
    with contextlib.suppress(KeyError):
        return b"%d %f" % (order.task, misspelt())
    return None


def test_a_fault_in_the_analysis_loses_nothing_that_was_measured(bench, monkeypatch):
    """What was measured is stored and paid while nothing can be concluded; mended, it is concluded from all of it."""
    bench.lab.deploy(workunits=8)
    with monkeypatch.context() as faulty:
        faulty.setattr(observe, "compute_estimand", misspelt)
        bench.compute(8, bench.computes or bench.lab.output)
        bench.hold()  # what trips over a finding suspends it, and the session goes on
        assert evidence.list_newest_evidence(bench.db) == {}
    assert bench.amount("SELECT count(*) AS n FROM result") == 16, "what was measured is lost"
    reopen_finding(bench.db, 1, "the fault is mended")
    bench.hold()
    assert bench.amount("SELECT count(*) AS n FROM award") == 8
    assert evidence.list_newest_evidence(bench.db)[1].seeds == 8


def test_a_version_that_always_fails_costs_few_tasks(bench):
    """Every task of a version fails, and sessions are held all the while."""
    bench.db.execute("DELETE FROM release")  # nobody vouches for it: it begins with its pilot
    spent: list[int] = []
    for _ in range(20):
        bench.hold()
        spent += bench.compute(6, lambda _order: None, hosts=(1, 2, 3))
    assert 0 < len(spent) <= SEVERAL, f"{len(spent)} tasks were computed in vain"


def test_the_old_way_concluded_at_the_host_and_lost_what_was_measured(bench, monkeypatch):
    bench.computes = before_it_returns
    with pytest.raises(AssertionError, match="what was measured is lost"):
        test_a_fault_in_the_analysis_loses_nothing_that_was_measured(bench, monkeypatch)


def test_the_old_way_sent_everything_out_at_once(bench, monkeypatch):
    everything = Rollout(stage=Stage.OPEN, reason="nobody asks")
    for module in (work_queues, release_stages):
        monkeypatch.setattr(module, "decide_rollout", lambda *_: everything)
    monkeypatch.setattr(breaker, "find_failing_versions", lambda _db: [])
    with pytest.raises(AssertionError, match="were computed in vain"):
        test_a_version_that_always_fails_costs_few_tasks(bench)
