"""Evidence grows by closed blocks, in the order of issue, and follows from the stored results alone."""

from dataclasses import replace

import pytest
from evidence_lines import history_of

from axiom.domain.findings import Grade, Verdict
from axiom.domain.work import Outcome
from axiom.lab.evidence.recompute import recomputed
from axiom.lab.experiments.recall import reopen_version
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.steps.evaluate import evaluate, unweighed
from axiom.store.evidence import evidence
from axiom.store.experiments import experiments
from axiom.store.sessions import sessions

# What follows from the results; the rest says when and by whom it was concluded.
CONCLUDED = (
    "finding_number, blocks, seeds, missing, estimate, low, high, e_value, e_kind, verdict, grade, hosts, volunteers, "
    "platforms, needs, flags, reasons, observations"
)


@pytest.fixture
def rounds(rounds):
    """A laboratory whose sessions order nothing by themselves."""
    rounds.policy = replace(rounds.policy, per_core=0)
    return rounds


def concluded(rounds) -> list:
    return rounds.db.select(f"SELECT {CONCLUDED} FROM evidence ORDER BY finding_number, blocks")  # noqa: S608  ours


def history(rounds, number: int = 1) -> list[tuple[int, int, int]]:
    """Blocks, seeds and missing values of each line."""
    return [(line.blocks, line.seeds, line.missing) for line in history_of(rounds.db, number)]


def test_every_closed_block_is_one_line_of_the_history_in_however_many_sessions(rounds):
    for blocks in (1, 2, 3):
        rounds.fill_block()
        assert unweighed(rounds.db) == 1
        rounds.hold()
        assert unweighed(rounds.db) == 0
        assert history(rounds) == [(number, 8 * number, 0) for number in range(1, blocks + 1)]
        assert rounds.kinds().count("evidence.weighed") == 1
    newest = evidence.newest(rounds.db)[1]
    assert (newest.verdict, newest.grade, newest.estimate) == (Verdict.NEGATIVE, Grade.MODERATE, -1.0)
    before = concluded(rounds)
    for table in ("evidence", "observation", "weighing"):
        rounds.db.execute(f"DELETE FROM {table}")  # noqa: S608  ours
    rounds.hold()
    assert concluded(rounds) == before
    assert rounds.broken() == {}


def test_an_open_block_is_not_weighed_and_later_ones_wait_for_it(rounds):
    rounds.lab.host("slow")
    rounds.lab.deploy(workunits=24)
    slow = rounds.lab.order(2)
    rounds.compute(23)
    assert unweighed(rounds.db) == 0
    rounds.hold()
    assert history(rounds) == []
    assert "evaluate.nothing" in rounds.kinds()
    rounds.lab.report(slow, rounds.lab.output(slow))
    rounds.lab.validate()
    assert unweighed(rounds.db) == 3
    rounds.hold()
    assert history(rounds) == [(1, 8, 0), (2, 16, 0), (3, 24, 0)]


@pytest.mark.parametrize("singly", [0, 1])
def test_a_workunit_that_failed_for_good_leaves_its_replicate_without_a_value(rounds, singly):
    rounds.lab.deploy(singly=singly, max_failures=1)
    rounds.compute(by=lambda _order: None)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7 + singly)
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    first = evidence.observed(rounds.db, 1)[0]
    assert (first.replicate, first.value) == (0, None)
    assert first.why_missing
    assert rounds.broken() == {}


def test_a_replicate_in_parts_counts_once_its_parts_are_back_from_whatever_hosts(rounds):
    assert rounds.lab.host("second") == 2
    rounds.lab.deploy(workunits=8, singly=1)
    rounds.compute(1, host=1)
    rounds.compute(1, host=2)
    rounds.compute(6, host=1)
    assert unweighed(rounds.db) == 0
    rounds.compute(1, host=1)
    rounds.hold()
    assert history(rounds) == [(1, 8, 0)]
    assert [one.hosts for one in evidence.observed(rounds.db, 1)] == [(1, 2), *[(1,)] * 7]
    assert evidence.newest(rounds.db)[1].hosts == 2
    assert rounds.broken() == {}


@pytest.mark.parametrize(
    ("outcome", "measures"), [(Outcome.LATE, None), (Outcome.DIVERGED, {"total": 1.0, "count": None})]
)
def test_a_cell_that_was_late_or_diverged_leaves_a_missing_value(rounds, outcome, measures):
    rounds.lab.deploy(workunits=8)
    rounds.compute(7)
    rounds.compute(by=lambda order: rounds.lab.output(order, outcome=outcome, measures=measures))
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    assert rounds.broken() == {}


@pytest.mark.parametrize("is_last", [False, True])
def test_what_comes_back_after_its_block_was_weighed_enters_with_the_next_line(rounds, is_last):
    """Work done late is work done and is stored and paid; what was concluded before it still says what it said."""
    rounds.lab.host("late")
    rounds.lab.deploy(workunits=1, max_failures=1)
    late = rounds.lab.order(2)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7)
    rounds.lab.later(hours=49)
    rounds.lab.sweep()
    rounds.hold()
    rounds.lab.later(hours=1)
    rounds.lab.report(late, rounds.lab.output(late))
    rounds.lab.validate()
    assert rounds.broken() == {}
    if is_last:
        rounds.lab.later(seconds=1)
    else:
        rounds.fill_block()
    rounds.hold()
    assert history(rounds) == [(1, 7, 1), (1, 8, 0) if is_last else (2, 16, 0)]
    assert rounds.kinds().count("evidence.changed") == is_last
    rounds.hold()
    assert len(history(rounds)) == 2
    assert rounds.broken() == {}


def test_what_a_host_had_when_its_version_was_retired_is_missing_unless_it_comes_back(rounds):
    rounds.fill_block()
    rounds.hold()
    before = concluded(rounds)
    assert len(before) == 1
    rounds.lab.deploy(workunits=8)
    rounds.compute(7)
    order = rounds.lab.order(1)
    with rounds.db.transaction():
        withdraw(rounds.db, 1, "a test", rounds.lab.now)
    rounds.lab.report(order, None, exit_status=10)
    rounds.lab.validate()
    rounds.hold()
    assert concluded(rounds)[:1] == before
    assert history(rounds) == [(1, 8, 0), (2, 15, 1)]
    assert rounds.broken() == {}


def test_what_was_taken_back_before_any_host_had_it_is_missing_only_if_its_version_goes_on(rounds):
    """Otherwise no block after it could ever close."""
    rounds.fill_block()
    rounds.lab.deploy(workunits=8)
    rounds.compute(5)
    with rounds.db.transaction():
        withdraw(rounds.db, 1, "a test", rounds.lab.now)
    rounds.hold()
    assert history(rounds) == [(1, 8, 0)]
    with rounds.db.transaction():
        reopen_version(rounds.db, experiments.by_id(rounds.db, 1), "it goes on", rounds.lab.now)
    rounds.hold()
    assert history(rounds) == [(1, 8, 0), (2, 13, 3)]
    assert rounds.broken() == {}


def test_what_was_recalled_is_not_weighed_any_more(rounds):
    rounds.fill_block()
    rounds.db.execute("UPDATE experiment SET recalled_at = 1")
    assert unweighed(rounds.db) == 0
    rounds.hold()
    assert history(rounds) == []


_OF_3 = "WHERE replicate = 3"
DAMAGES = [
    """UPDATE result SET measures = '{"count":0,"total":9.0}' WHERE id = 1""",
    "UPDATE result SET outcome = 'diverged', measures = NULL WHERE id = 16",
    "DELETE FROM result WHERE id = 3",
    "UPDATE task SET host_id = 2 WHERE id = 1",
    f"DELETE FROM observation {_OF_3}",  # noqa: S608  our own words
    *(
        f"UPDATE observation SET {change} {_OF_3}"  # noqa: S608  our own words
        for change in (
            "value = -1.5",
            "value = NULL",
            "outcome = 'late'",
            "why_missing = 'lost'",
            "fingerprint = '14.0:a'",
            "cohort = 'exploratory'",
            "hosts = '[[2,1,\"linux-x86_64-avx2\",1]]'",
            "hosts = 'nonsense'",
            "hosts = '[[1,77,\"linux-x86_64-avx2\",1]]'",
            "hosts = '[[1,1,\"windows-x86_64-avx2\",1]]'",  # beside seven others
            "hosts = '[[1]]'",
            "block = 7",
            "replicate = 99",
        )
    ),
    *(
        f"UPDATE evidence SET {change} WHERE line = 1"  # noqa: S608  our own words
        for change in (
            "blocks = 2",
            "missing = 1",
            "estimate = estimate + 1e-15",
            "estimate = NULL",
            "e_value = e_value * 2",
            "verdict = 'nonsense'",
            "grade = 'Definitive'",
            "hosts = 2",
            """alarms = '[{"kind":"hosts","force":"tells","text":"","hosts":[]}]'""",
            """agreements = '[{"platforms":["a","b"],"exact":9,"close":0,"divergent":0,"disputed":0}]'""",
        )
    ),
    "DELETE FROM evidence WHERE line = 1",
]


@pytest.fixture(scope="module")
def weighed(new_lab, prepared, tmp_path_factory):
    """Two blocks, weighed; each test takes back what it did."""
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    lab.publish(prepared())
    lab.host()
    lab.host("second")
    lab.deploy(workunits=2, replicates_each=8)
    for _ in range(2):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()
    lab.later(seconds=1)
    with lab.db.transaction():
        session = sessions.begin(lab.db, pi="autopilot", reason="a test", now=lab.now)
        (told,) = evaluate(lab.db, session, lab.now)
        assert told.facts["blocks"] == 2
    lab.db.execute("PRAGMA foreign_keys = OFF")
    yield lab
    lab.db.close()


def test_evidence_that_does_not_follow_from_its_results_is_found(weighed, taken_back):
    """What is compared are numbers, verdict and grade: else every new wording would break every old laboratory."""
    assert recomputed(weighed.db) == []
    rows = weighed.db.select("SELECT replicate, line, block, hosts FROM observation ORDER BY replicate")
    assert [(row["replicate"], row["line"], row["block"]) for row in rows] == [
        (number, 1 + number // 8, 1 + number // 8) for number in range(16)
    ]
    assert {row["hosts"] for row in rows} == {'[[1, 1, "linux-x86_64-avx2", 1]]'}
    for damage in DAMAGES:
        with taken_back(weighed.db):
            assert weighed.db.execute(damage) == 1
            assert recomputed(weighed.db)[:1] == ["finding 1, line 1 is not what its results say"], damage
    for share in ("0.05", "NULL"):
        with taken_back(weighed.db):
            assert weighed.db.execute(f"UPDATE evidence SET false_share = {share} WHERE line = 2") == 1  # noqa: S608
            assert "place among all claims" in recomputed(weighed.db)[0]
    for better in ("more = '[1,2]'", "needs = '[]'", "flags = '[]'", "reasons = '[\"said better\"]'"):
        with taken_back(weighed.db):
            assert weighed.db.execute(f"UPDATE evidence SET {better} WHERE blocks = 1") == 1  # noqa: S608  our own
            assert recomputed(weighed.db) == []
