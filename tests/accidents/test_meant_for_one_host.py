"""9,979 workunits for certain computers had a flag that looked wrong; cleared, they were anybody's."""

import pytest

from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.replicate_orders import order_replicates

AMOUNT = 20


def test_what_is_meant_for_a_host_is_sent_to_it_alone_and_once(bench):
    """Whoever asks, and however often the transitioner has looked."""
    allotment = Allotment(experiment_id=1, workunits=AMOUNT, replicates_each=1, reason="a test")
    with bench.db.transaction():
        order_replicates(bench.db, allotment, max_failures=3, now=bench.lab.now, host_id=2)
    for _ in range(3):
        bench.tend(bench.db)
        bench.lab.sweep()
        for other in (1, 3):
            assert bench.lab.ask(other, wanted=8) == (), f"host {other} got what is meant for host 2"
        bench.lab.later(hours=1)
    first = bench.lab.ask(2, wanted=8)
    again = bench.lab.ask(2, wanted=8)  # the reply was lost: it says that it has none
    assert len(first) == 8
    assert [order.ticket for order in again] == [order.ticket for order in first]
    assert bench.amount("SELECT count(*) AS n FROM task WHERE state = 'sent'") == 8
    assert bench.amount(f"SELECT count(*) AS n FROM task WHERE workunit_id <= {AMOUNT}") == AMOUNT  # noqa: S608
    assert bench.lab.broken() == {}


def test_the_old_way_cleared_the_target_to_make_work_flow(bench):
    def clear(db) -> None:
        db.execute("UPDATE task SET target_host_id = NULL WHERE state = 'unsent'")

    bench.tend = clear
    with pytest.raises(AssertionError, match="host 1 got"):
        test_what_is_meant_for_a_host_is_sent_to_it_alone_and_once(bench)
    assert "I5" in bench.lab.broken()
