"""All scripts computed at seed 42: the seed did not arrive, a default was used silently, and copies were counted."""

from dataclasses import replace

import pytest

from axiom.rules.tasks import validation
from axiom.store.findings import evidence
from axiom_weigh.evidence import copied_seeds
from axiom_weigh.values import Force


def test_what_was_computed_with_a_default_seed_is_invalid(bench):
    """A host that says with which seed it computed cannot pass one off as another."""
    bench.lab.deploy(workunits=8)
    bench.compute(8, lambda order: bench.output(order, lambda cell: replace(cell, seed=42)))
    states = {row["state"] for row in bench.db.select("SELECT state FROM task WHERE host_id IS NOT NULL")}
    assert states == {"invalid"}
    assert bench.amount("SELECT count(*) AS n FROM result") == 0


def test_copies_of_one_seed_are_one_observation_and_raise_an_alarm(bench):
    """A host may also use a default, and say what it was told: then all seeds have the same numbers."""
    numbers = {0: 0.123456789012345, 1: 1.987654321098765}
    bench.lab.deploy(workunits=8)

    def copied(cell):
        return replace(cell, measures={"total": numbers[cell.config], "count": None})

    bench.compute(8, lambda order: bench.output(order, copied))
    bench.hold()
    line = evidence.list_newest_evidence(bench.db)[1]
    assert (line.seeds, line.clones) == (1, 7)
    assert [alarm.force for alarm in line.alarms] == [Force.SUSPENDS]
    assert "finding.suspended" in {row["kind"] for row in bench.db.select("SELECT kind FROM note")}


def test_the_old_way_took_any_seed_for_the_ordered_one(bench, monkeypatch):
    monkeypatch.setattr(validation, "_wrong_cells", lambda _ticket, _output: "")
    with pytest.raises(AssertionError, match="valid"):
        test_what_was_computed_with_a_default_seed_is_invalid(bench)


def test_the_old_way_counted_results_and_not_seeds(bench, monkeypatch):
    monkeypatch.setattr(copied_seeds, "_find_copies", lambda _seeds: (set(), []))
    with pytest.raises(AssertionError, match=r"\(8, 0\) == \(1, 7\)"):
        test_copies_of_one_seed_are_one_observation_and_raise_an_alarm(bench)
