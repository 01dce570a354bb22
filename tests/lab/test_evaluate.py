"""Evidence grows by closed blocks, in the order of issue, and follows from the stored results alone."""

import json
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from axiom.domain.findings import Grade, Verdict
from axiom.domain.work import Outcome
from axiom.lab.evaluate import evaluate, recomputed, unweighed
from axiom.lab.withdraw import withdraw
from axiom.store import evidence, sessions

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
    return [(line.blocks, line.seeds, line.missing) for line in evidence.history(rounds.db, number)]


def test_every_closed_block_is_one_line_of_the_history(rounds):
    for blocks in (1, 2, 3):
        rounds.fill_block()
        assert unweighed(rounds.db) == 1
        rounds.hold()
        assert unweighed(rounds.db) == 0
        assert history(rounds) == [(number, 8 * number, 0) for number in range(1, blocks + 1)]
        (sentence,) = rounds.said("evidence.weighed")
        assert sentence.startswith("Finding 1 (tiny_sum): a larger size has a larger total. After ")
    newest = evidence.newest(rounds.db)[1]
    assert (newest.verdict, newest.grade, newest.estimate) == (Verdict.NEGATIVE, Grade.MODERATE, -1.0)
    assert rounds.broken() == {}


def test_the_note_says_what_a_finding_says_now(rounds):
    rounds.fill_block()
    rounds.hold()
    assert rounds.said("evidence.weighed") == [
        "Finding 1 (tiny_sum): a larger size has a larger total. After 8 seeds effect −, Moderate: -1.0 [-1.0, -1.0]."
    ]


def test_an_open_block_is_not_weighed(rounds):
    rounds.lab.deploy(workunits=9)
    rounds.compute(7)
    rounds.hold()
    assert history(rounds) == []
    assert rounds.said("evaluate.nothing") == ["No block closed since the last session."]
    rounds.compute(2)
    rounds.hold()
    assert history(rounds) == [(1, 8, 0)]


def test_a_later_block_waits_for_an_earlier_one(rounds):
    rounds.lab.host("slow")
    rounds.lab.deploy(workunits=24)
    slow = rounds.lab.order(2)
    rounds.compute(23)
    assert unweighed(rounds.db) == 0
    rounds.hold()
    assert history(rounds) == []
    rounds.lab.report(slow, rounds.lab.output(slow))
    rounds.lab.validate()
    assert unweighed(rounds.db) == 3
    rounds.hold()
    assert history(rounds) == [(1, 8, 0), (2, 16, 0), (3, 24, 0)]


def test_it_does_not_matter_in_how_many_sessions_the_blocks_were_weighed(rounds):
    for _ in range(2):
        rounds.fill_block()
        rounds.hold()
    one_by_one = concluded(rounds)
    rounds.db.execute("DELETE FROM evidence")
    rounds.hold()
    assert concluded(rounds) == one_by_one
    assert [row["blocks"] for row in one_by_one] == [1, 2]


def test_a_workunit_that_failed_for_good_closes_its_block_as_missing(rounds):
    rounds.lab.deploy(workunits=1, max_failures=1)
    rounds.compute(by=lambda _order: None)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7)
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    (line,) = evidence.lines(rounds.db, 1)
    first = evidence.observations(line)[0]
    assert (first.replicate, first.value, first.hosts) == (0, None, ())
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
    (line,) = evidence.lines(rounds.db, 1)
    assert [one.hosts for one in evidence.observations(line)] == [(1, 2), *[(1,)] * 7]
    assert evidence.newest(rounds.db)[1].hosts == 2
    assert rounds.broken() == {}


def test_a_part_that_failed_for_good_leaves_its_replicate_without_a_value(rounds):
    rounds.lab.deploy(singly=1, max_failures=1)
    rounds.compute(by=lambda _order: None)
    rounds.lab.deploy(workunits=7)
    rounds.compute(8)
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    (line,) = evidence.lines(rounds.db, 1)
    assert evidence.observations(line)[0].value is None
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


def test_what_comes_back_after_its_block_was_weighed_enters_with_the_next_one(rounds):
    """Work done late is work done and is stored and paid; what was concluded before it still says what it said."""
    rounds.lab.host("late")
    rounds.lab.deploy(workunits=1, max_failures=1)
    late = rounds.lab.order(2)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7)
    rounds.lab.later(hours=49)
    rounds.lab.sweep()
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    rounds.lab.later(hours=1)
    rounds.lab.report(late, rounds.lab.output(late))
    rounds.lab.validate()
    assert rounds.broken() == {}
    rounds.fill_block()
    rounds.hold()
    assert history(rounds) == [(1, 7, 1), (2, 16, 0)]
    assert rounds.broken() == {}


def test_what_was_retired_keeps_its_evidence_and_what_closes_later_is_still_weighed(rounds):
    rounds.fill_block()
    rounds.hold()
    rounds.fill_block()
    before = concluded(rounds)
    assert len(before) == 1
    with rounds.db.transaction():
        withdraw(rounds.db, 1, "a test", rounds.lab.now)
    rounds.hold()
    assert concluded(rounds)[:1] == before
    assert history(rounds) == [(1, 8, 0), (2, 16, 0)]
    assert rounds.broken() == {}


def test_what_was_recalled_is_not_weighed_any_more(rounds):
    rounds.fill_block()
    rounds.db.execute("UPDATE experiment SET recalled_at = 1")
    assert unweighed(rounds.db) == 0
    rounds.hold()
    assert history(rounds) == []


DAMAGES = [
    """UPDATE result SET measures = '{"count":0,"total":9.0}' WHERE id = 1""",
    "UPDATE result SET outcome = 'diverged', measures = NULL WHERE id = 16",
    "DELETE FROM result WHERE id = 3",
    "UPDATE task SET host_id = 2 WHERE id = 1",
    "UPDATE evidence SET observations = replace(observations, '-1.0', '-1.5') WHERE blocks = 1",
    "UPDATE evidence SET observations = replace(observations, '[0, ', '[1, ') WHERE blocks = 1",
    "UPDATE evidence SET observations = 'nonsense' WHERE blocks = 1",
    "UPDATE evidence SET seeds = 9 WHERE blocks = 1",
    "UPDATE evidence SET missing = 1 WHERE blocks = 1",
    "UPDATE evidence SET estimate = estimate + 1e-15 WHERE blocks = 1",
    "UPDATE evidence SET estimate = NULL WHERE blocks = 1",
    "UPDATE evidence SET low = -1.1 WHERE blocks = 1",
    "UPDATE evidence SET high = -0.9 WHERE blocks = 1",
    "UPDATE evidence SET e_value = e_value * 2 WHERE blocks = 1",
    "UPDATE evidence SET e_kind = 'sign' WHERE blocks = 1",
    "UPDATE evidence SET verdict = 'absent' WHERE blocks = 1",
    "UPDATE evidence SET verdict = 'nonsense' WHERE blocks = 1",
    "UPDATE evidence SET grade = 'Definitive' WHERE blocks = 1",
    "UPDATE evidence SET hosts = 2 WHERE blocks = 1",
    "UPDATE evidence SET volunteers = 2 WHERE blocks = 1",
    "DELETE FROM evidence WHERE blocks = 1",
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
        assert len(evaluate(lab.db, session, lab.now)) == 2
    lab.db.execute("PRAGMA foreign_keys = OFF")
    yield lab
    lab.db.close()


class TakenBack(Exception):
    pass


@contextmanager
def taken_back(db):
    """The body in a transaction that leaves nothing behind."""
    with suppress(TakenBack), db.transaction():
        yield
        raise TakenBack


@pytest.mark.parametrize("change", ["platforms = 2", "needs = '[]'", "flags = '[]'", "reasons = '[\"said better\"]'"])
def test_a_sentence_may_be_worded_better_and_a_host_may_move(weighed, change):
    """What is compared are numbers, verdict and grade: else every new wording would break every old laboratory."""
    with taken_back(weighed.db):
        assert weighed.db.execute(f"UPDATE evidence SET {change} WHERE blocks = 1") == 1  # noqa: S608  our own words
        assert recomputed(weighed.db) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_evidence_that_does_not_follow_from_its_results_is_found(weighed, damage):
    assert recomputed(weighed.db) == []
    with taken_back(weighed.db):
        assert weighed.db.execute(damage) == 1
        found = recomputed(weighed.db)
    assert found[:1] == ["finding 1 after 1 blocks is not what its results say"]


def test_evidence_is_weighed_again_from_what_is_kept_with_it(weighed):
    for row in evidence.lines(weighed.db, 1):
        kept = json.loads(row["observations"])
        assert kept == [[number, -1.0, [1], ""] for number in range(8 * row["blocks"])]
