"""462 in progress, while the list beside it had 116; 11,756 credited of 11,521 results: counters were kept by hand."""

from collections import Counter

import pytest

from axiom.laboratory import promises
from axiom.laboratory.experiments.retire import retire_version
from axiom.store.credit import ledger
from axiom.store.engine import counters


def test_every_counter_counts_and_credit_is_for_what_is_there(bench):
    """After all kinds of things have happened, every counter counts, and no more is credited than is there."""
    lab = bench.lab
    lab.deploy(workunits=40)
    bench.compute(9, lab.output, hosts=(1, 2, 3))
    bench.compute(2, lambda _order: None, hosts=(1, 2))
    bench.compute(1, lambda _order: b"nonsense", hosts=(3,))
    for host in (1, 2, 3, 3):
        lab.order(host)
    bench.hold()
    with lab.db.transaction():
        retire_version(lab.db, 1, "a test", lab.now)
    lab.later(hours=49)
    lab.sweep()
    assert counters.list_counter_problems(lab.db) == []
    said = Counter(
        {state: amount for (noun, _, state), amount in counters.read_counters(lab.db).items() if noun == "task"}
    )
    there = Counter(row["state"] for row in lab.db.select("SELECT state FROM task"))
    assert +said == there
    valid, awards = there["valid"], bench.amount("SELECT count(*) AS n FROM award WHERE reason = 'computed'")
    assert valid == awards == 9
    assert bench.amount("SELECT sum(amount) AS n FROM award") == ledger.sum_awarded_credit(lab.db)
    broken = promises.find_broken_promises(lab.db, lab.folder, lab.keys.trust, lab.now)
    assert {promise: problems for promise, problems in broken.items() if problems} == {}


def test_the_old_way_kept_counters_by_hand_and_forgot(bench, monkeypatch):
    kept, asked = counters.add_to_counters, []

    def forget_now_and_then(db, changes) -> None:
        asked.append(changes)
        if len(asked) % 7:
            kept(db, changes)

    monkeypatch.setattr(counters, "add_to_counters", forget_now_and_then)
    with pytest.raises(AssertionError, match="counter"):
        test_every_counter_counts_and_credit_is_for_what_is_there(bench)
