"""Pages of results: the right ones in the right order, found without looking at those that are not shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product

import pytest

from axiom.domain.work import Outcome
from axiom.limits import results as limits
from axiom.store.engine.database import connect_writer
from axiom.store.migrate import migrate_database
from axiom.store.views.results import MeasureTally, ResultOrder, ResultQuery, list_results

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
AMOUNT, EXPERIMENTS, CONFIGS = 12_000, 3, 8
_RESULTS = """
WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :amount)
INSERT INTO result (id, task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds,
    created_at)
SELECT id, 1, 1 + id % 3, id / 24, id / 3 % 8, id, CASE WHEN id % 5000 = 7 THEN 'late' ELSE 'ok' END,
    '{"total": ' || (id * 7919 % 1000) || ', "curve": [' || id || ', 1.5]}', '[]',
    id / 3 % 8 + id * 7919 % 1000 / 1000.0, 0
FROM n
"""
_TASK = "INSERT INTO task (id, workunit_id, experiment_id, state, ordinal, created_at) VALUES (1, 1, 1, 'valid', 0, 0)"
_FEW = 20  # thousand steps of SQLite's machine; looking at every result takes over fifty


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A store with results of three experiments, made without the work that would have led to them."""
    database = connect_writer(tmp_path_factory.mktemp("large") / "axiom.db")
    database.execute("PRAGMA foreign_keys = OFF")
    migrate_database(database, None, NOW)
    for number in range(1, EXPERIMENTS + 1):
        database.execute(
            "INSERT INTO experiment (name, version, manifest, created_at) VALUES (:name, 1, '{}', 0)",
            name=f"number_{number}",
        )
    database.execute(_TASK)
    database.execute(_RESULTS, amount=AMOUNT)
    yield database
    database.close()


@pytest.fixture(scope="module")
def every(large):
    """All results, as one page without a filter has them."""
    return list_results(large, ResultQuery(limit=AMOUNT))


@contextmanager
def steps(database) -> Iterator[list[int]]:
    """How much work is done meanwhile: an entry for each thousand steps of SQLite's machine."""
    taken: list[int] = []
    database._connection.set_progress_handler(lambda: taken.append(1), 1000)
    try:
        yield taken
    finally:
        database._connection.set_progress_handler(None, 0)


FILTERS = [
    dict(zip(("experiment_id", "outcome", "replicate", "configs"), chosen, strict=True))
    for chosen in product((None, 2), (None, Outcome.OK, Outcome.LATE), (None, 77), (None, [0, 5], []))
    if not (chosen[0] is None and chosen[3] is not None)
]
KEYS = {
    ResultOrder.NEWEST: lambda row: -row.id,
    ResultOrder.REPLICATE: lambda row: (row.replicate, row.config),
    ResultOrder.LAST_REPLICATE: lambda row: (-row.replicate, row.config),
    ResultOrder.SECONDS: lambda row: (row.cpu_seconds, row.id),
    ResultOrder.MOST_SECONDS: lambda row: (-row.cpu_seconds, -row.id),
}


def fits(row, chosen) -> bool:
    equal = all(chosen[name] in (None, getattr(row, name)) for name in ("experiment_id", "outcome", "replicate"))
    return equal and (chosen["configs"] is None or row.config in chosen["configs"])


def test_a_page_holds_what_was_asked_for_without_looking_at_every_result(large, every):
    for chosen in FILTERS:
        for order in ResultOrder if chosen["experiment_id"] else [ResultOrder.NEWEST]:
            expected = sorted((row for row in every if fits(row, chosen)), key=KEYS[order])[50:90]
            assert list_results(large, ResultQuery(**chosen, order=order, skip=50, limit=40)) == expected
            with steps(large) as taken:
                list_results(large, ResultQuery(**chosen, order=order))
            assert len(taken) <= _FEW, (chosen, order)


def by_config(rows, measure: str) -> dict[int, list]:
    """The values of those that are well, in order."""
    values = {row.config: [] for row in rows}
    for row in rows:
        values[row.config] += [row.measures[measure]] if row.outcome == Outcome.OK else []
    return {config: sorted(of_config) for config, of_config in values.items() if of_config}


def test_lists_are_of_the_first_replicates_and_values_of_all_or_the_first(large, every, monkeypatch):
    own = sorted((row for row in every if row.experiment_id == 2), key=lambda row: row.id)
    tally = MeasureTally()
    with steps(large) as taken:
        for _ in range(2):  # what was read is not counted twice
            lists = tally.lists(large, 2, "curve", 4).by_config
            expected = by_config([row for row in own if row.replicate < 4], "curve")
            assert {config: sorted(curves) for config, curves in lists.items()} == expected
    assert len(taken) <= _FEW
    assert tally.lists(large, 2, "total", 4).by_config == {}
    tally, expected = MeasureTally(), by_config(own, "total")
    assert tally.values(large, 2, "total").by_config == expected
    assert tally.values(large, 2, "curve").by_config == {}
    with large.savepoint():
        large.execute(
            "INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early,"
            " cpu_seconds, created_at) VALUES (1, 2, 5000, 3, 1, 'ok', '{\"total\": -1}', '[]', 1, 0)"
        )
        assert tally.values(large, 2, "total").by_config == expected | {3: [-1.0, *expected[3]]}
        large.execute("DELETE FROM result WHERE replicate = 5000")
    monkeypatch.setattr(limits, "RESULTS_SUMMED", 70)
    tally = MeasureTally()
    for _ in range(2):
        summed = tally.values(large, 2, "total")
        assert (summed.results, summed.by_config) == (70, by_config(own[:70], "total"))
