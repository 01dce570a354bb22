"""Which work a host gets, and why."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.assignment import Queue, assign
from axiom.domain.fleet import Capacity, Host, Platform

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOST = Host(
    id=1,
    volunteer_id=1,
    name="first",
    platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
    capacity=Capacity(cores=4, memory_mb=1_000),
    created_at=NOW,
    seen_at=NOW,
)
OLD_HOST = replace(HOST, platform=Platform(system="linux", processor="x86_64", instructions="none"))


def queue(experiment_id: int, *, unsent: int = 5, out: int = 0, memory_mb: int = 100, avx: bool = False) -> Queue:
    return Queue(
        experiment_id=experiment_id,
        name=f"experiment_{experiment_id}",
        unsent=unsent,
        in_progress=out,
        memory_mb=memory_mb,
        avx=avx,
    )


@pytest.mark.parametrize(
    ("host", "queues", "ranked"),
    [
        (HOST, [queue(1, out=3), queue(2, out=1), queue(3, out=2)], (2, 3, 1)),
        (HOST, [queue(2), queue(1)], (1, 2)),  # equally many out: the older first
        (HOST, [queue(1, unsent=0), queue(2, out=9)], (2,)),
        (HOST, [queue(1, memory_mb=501), queue(2, out=9, memory_mb=500)], (2,)),
        (OLD_HOST, [queue(1, avx=True), queue(2, out=9)], (2,)),
        (HOST, [queue(1, avx=True)], (1,)),
    ],
)
def test_the_experiment_with_the_fewest_tasks_out_comes_first(host, queues, ranked):
    assert assign(host, queues, held=3, free_memory_mb=500).experiments == ranked


@pytest.mark.parametrize(
    ("host", "queues", "held", "reason"),
    [
        (HOST, [queue(1)], 4, "all 4 cores of this host have a task"),
        (HOST, [queue(1)], 5, "all 4 cores of this host have a task"),
        (HOST, [], 0, "no work is waiting at the moment"),
        (HOST, [queue(1, unsent=0)], 0, "no work is waiting at the moment"),
        (HOST, [queue(1, memory_mb=800)], 0, "experiment_1 needs 800 MB a task and 500 MB are free"),
        (OLD_HOST, [queue(1, avx=True)], 0, "experiment_1 needs a processor with AVX"),
        (
            OLD_HOST,
            [queue(1, avx=True), queue(2, memory_mb=900)],
            0,
            "experiment_1 needs a processor with AVX; experiment_2 needs 900 MB a task and 500 MB are free",
        ),
    ],
)
def test_a_host_that_gets_nothing_is_told_why(host, queues, held, reason):
    decided = assign(host, queues, held=held, free_memory_mb=500)
    assert (decided.experiments, decided.reason) == ((), reason)


QUEUES = st.lists(
    st.builds(
        queue,
        st.integers(1, 9),
        unsent=st.integers(0, 3),
        out=st.integers(0, 3),
        memory_mb=st.integers(1, 900),
        avx=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda queue: queue.experiment_id,
)


@given(host=st.sampled_from([HOST, OLD_HOST]), queues=QUEUES, held=st.integers(0, 5), free=st.integers(0, 1_000))
def test_nothing_goes_to_a_host_that_cannot_hold_it(host, queues, held, free):
    decided = assign(host, queues, held=held, free_memory_mb=free)
    assert decided.reason
    given_out = [queue for queue in queues if queue.experiment_id in decided.experiments]
    assert len(given_out) == len(decided.experiments)
    assert not given_out or held < host.capacity.cores
    for each in given_out:
        assert each.unsent > 0
        assert each.memory_mb <= free
        assert not (each.avx and host is OLD_HOST)


def test_experiments_take_turns_on_a_single_core():
    """A lone core goes round: nobody waits for ever behind the first of equals."""
    turns = {1: 0, 2: 0, 3: 0}
    given = []
    for moment in range(1, 10):
        queues = [replace(queue(each), last_turn=last) for each, last in turns.items()]
        first = assign(HOST, queues, held=0, free_memory_mb=1_000).experiments[0]
        turns[first] = moment
        given.append(first)
    assert given == [1, 2, 3] * 3
