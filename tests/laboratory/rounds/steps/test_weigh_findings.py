"""Evidence grows by closed blocks, in the order of issue, follows from the stored results, and what changes it."""

import math
import statistics
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from evidence_lines import history_of
from map_lab import map_lab
from planted_effects import SAID, WIDER, block, further, noise, order_of, output, values

from axiom.domain.work import Outcome
from axiom.laboratory.experiments.recall_and_reopen import reopen_finding, reopen_version
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.findings import observe
from axiom.laboratory.findings.find_wrong_evidence import find_wrong_evidence
from axiom.laboratory.registrations.register import amend_claim
from axiom.laboratory.rounds.steps.weigh_findings import count_unweighed_blocks, evaluate_findings
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations
from axiom.store.rounds import rounds as sessions
from axiom_weigh.statistics.signed_ranks import combine_sides, log_es, make_stream
from axiom_weigh.values import METHOD, Cohort, Force, Grade, Verdict

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
    return [(line.blocks, line.seeds, line.missing) for line in history_of(rounds.db, number)]


def test_every_closed_block_is_one_line_of_the_history_in_however_many_sessions(rounds):
    for blocks in (1, 2, 3):
        rounds.fill_block()
        assert count_unweighed_blocks(rounds.db) == 1
        rounds.hold()
        assert count_unweighed_blocks(rounds.db) == 0
        assert history(rounds) == [(number, 8 * number, 0) for number in range(1, blocks + 1)]
        assert rounds.kinds().count("evidence.weighed") == 1
    newest = evidence.list_newest_evidence(rounds.db)[1]
    assert newest.verdict == Verdict.NEGATIVE
    assert newest.grade == Grade.MODERATE
    assert newest.estimate == -1.0
    before = concluded(rounds)
    for table in ("evidence", "observation", "weighing"):
        rounds.db.execute(f"DELETE FROM {table}")  # noqa: S608  ours
    rounds.hold()
    assert (concluded(rounds), rounds.broken()) == (before, {})
    rounds.fill_block()
    rounds.db.execute("UPDATE experiment SET recalled_at = 1")  # what was recalled is not weighed any more
    assert count_unweighed_blocks(rounds.db) == 0
    rounds.hold()
    assert concluded(rounds) == before


def test_an_open_block_is_not_weighed_and_later_ones_wait_for_it(rounds):
    rounds.lab.host("slow")
    rounds.lab.deploy(workunits=24)
    slow = rounds.lab.order(2)
    rounds.compute(23)
    assert count_unweighed_blocks(rounds.db) == 0
    rounds.hold()
    assert history(rounds) == []
    assert "evaluate.nothing" in rounds.kinds()
    rounds.lab.report(slow, rounds.lab.output(slow))
    rounds.lab.validate()
    assert count_unweighed_blocks(rounds.db) == 3
    rounds.hold()
    assert history(rounds) == [(1, 8, 0), (2, 16, 0), (3, 24, 0)]


@pytest.mark.parametrize("singly", [0, 1])
def test_what_failed_for_good_was_late_or_diverged_leaves_its_replicate_valueless(rounds, singly):
    rounds.lab.deploy(singly=singly, max_failures=1)
    rounds.compute(by=lambda _order: None)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7 + singly)
    rounds.hold()
    assert history(rounds) == [(1, 7, 1)]
    first = evidence.read_observations(rounds.db, 1)[0]
    assert (first.replicate, first.value) == (0, None)
    assert first.why_missing
    for outcome, measures in ((Outcome.LATE, None), (Outcome.DIVERGED, {"total": 1.0, "count": None})):
        changes = {"outcome": outcome, "measures": measures}
        rounds.lab.deploy(workunits=8)
        rounds.compute(7)
        rounds.compute(by=lambda order, changes=changes: rounds.lab.output(order, **changes))
        rounds.hold()
    assert (history(rounds)[1:], rounds.broken()) == ([(2, 14, 2), (3, 21, 3)], {})


def test_a_replicate_in_parts_counts_once_its_parts_are_back_from_whatever_hosts(rounds):
    assert rounds.lab.host("second") == 2
    rounds.lab.deploy(workunits=8, singly=1)
    rounds.compute(1, host=1)
    rounds.compute(1, host=2)
    rounds.compute(6, host=1)
    assert count_unweighed_blocks(rounds.db) == 0
    rounds.compute(1, host=1)
    rounds.hold()
    assert history(rounds) == [(1, 8, 0)]
    assert [one.hosts for one in evidence.read_observations(rounds.db, 1)] == [(1, 2), *[(1,)] * 7]
    assert (evidence.list_newest_evidence(rounds.db)[1].hosts, rounds.broken()) == (2, {})


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
    assert (len(history(rounds)), rounds.broken()) == (2, {})


@pytest.mark.parametrize("is_out", [False, True])
def test_what_was_taken_back_is_not_missing_and_is_computed_before_what_is_new(is_out, rounds):
    """Of a block some are back, one is out or has failed, and the others were never sent."""
    rounds.fill_block()
    rounds.hold()
    before = concluded(rounds)
    rounds.lab.deploy(workunits=8)
    rounds.compute(4)
    order = rounds.lab.order(1)
    retire_version(rounds.db, 1, "a test", rounds.lab.now)
    if not is_out:
        rounds.lab.report(order, None, exit_status=10)
        rounds.lab.validate()
    rounds.hold()
    reopen_version(rounds.db, experiments.find_experiment(rounds.db, 1), "it goes on", rounds.lab.now)
    rounds.hold()
    assert (concluded(rounds), len(before)) == (before, 1)
    if is_out:
        rounds.lab.report(order, rounds.lab.output(order))
        rounds.lab.validate()
    lacking = 3 if is_out else 4
    rounds.lab.deploy(workunits=lacking + 8)
    computed = rounds.compute(lacking + 8)
    assert sorted({cell.replicate for order in computed for cell in rounds.lab.cells(order)}) == list(
        range(16 - lacking, 24)
    )
    rounds.hold()
    assert (history(rounds), rounds.broken()) == ([(1, 8, 0), (2, 16, 0), (3, 24, 0)], {})


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
    current_round = sessions.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now)
    (note,) = evaluate_findings(lab.db, current_round, lab.now)
    assert note.facts["blocks"] == 2
    lab.db.execute("PRAGMA foreign_keys = OFF")
    yield lab
    lab.db.close()


def test_evidence_that_does_not_follow_from_its_results_is_found(weighed, taken_back):
    """What is compared are numbers, verdict and grade: else every new wording would break every old laboratory."""
    assert find_wrong_evidence(weighed.db) == []
    rows = weighed.db.select("SELECT replicate, line, block, hosts FROM observation ORDER BY replicate")
    assert [(row["replicate"], row["line"], row["block"]) for row in rows] == [
        (number, 1 + number // 8, 1 + number // 8) for number in range(16)
    ]
    assert {row["hosts"] for row in rows} == {'[[1, 1, "linux-x86_64-avx2", 1]]'}
    for damage in DAMAGES:
        with taken_back(weighed.db):
            assert weighed.db.execute(damage) == 1
            assert find_wrong_evidence(weighed.db)[:1] == ["finding 1, line 1 is not what its results say"], damage
    for share in ("0.01", "NULL"):
        with taken_back(weighed.db):
            assert weighed.db.execute(f"UPDATE evidence SET false_share = {share} WHERE line = 2") == 1  # noqa: S608
            assert "place among all claims" in find_wrong_evidence(weighed.db)[0]
    for better in ("more = '[1,2]'", "needs = '[]'", "flags = '[]'", "reasons = '[\"said better\"]'"):
        with taken_back(weighed.db):
            assert weighed.db.execute(f"UPDATE evidence SET {better} WHERE blocks = 1") == 1  # noqa: S608  our own
            assert find_wrong_evidence(weighed.db) == []


def lines_of(shifting, number: int = 1) -> list[tuple[int, int, int]]:
    return [(line.line, line.blocks, line.seeds) for line in history_of(shifting.db, number)]


def newest(shifting, number: int = 1):
    return evidence.list_newest_evidence(shifting.db)[number]


def test_a_further_design_adds_its_blocks_to_the_same_stream(shifting):
    block(shifting)
    shifting.hold()
    second = further(shifting)
    order_of(shifting, second, 5)
    order_of(shifting, 1)
    order_of(shifting, second, 3)
    shifting.compute(16, by=values(shifting, 1.0))
    assert count_unweighed_blocks(shifting.db) == 2
    shifting.hold()
    assert lines_of(shifting) == [(1, 1, 8), (2, 2, 16), (3, 3, 24)]
    placed = evidence.read_observation_set(shifting.db, 1).placed
    assert [(place.block, place.observation.replicate) for place in placed] == [
        *((1, number) for number in range(8)),
        *((2, number) for number in range(13, 21)),  # wholly issued before the other design's block
        *((3, number) for number in (*range(8, 13), *range(21, 24))),
    ]
    assert {place.observation.design for place in placed} == {"declared", "wide"}
    (finding,) = evidence.list_weighed_findings(shifting.db, 1)
    asked, remembered = (observe.observe_version(shifting.db, 1, datetime.max.replace(tzinfo=UTC)) for _ in range(2))
    remembered.remember(finding, evidence.read_observation_set(shifting.db, 1).observations)
    assert remembered.reached(finding) == asked.reached(finding) == {1: 20, second: 23}
    assert (newest(shifting).designs, shifting.broken()) == (2, {})


@pytest.mark.parametrize("order", [range(16), [3, 15, 0, 7, 9, 1, 14, 2, 8, 4, 13, 5, 12, 6, 11, 10]])
def test_what_comes_back_first_leaves_no_trace(shifting, order):
    """The lines are those of the numbers' order, and the same however the results arrived."""
    shifting.db.execute("UPDATE host SET cores = 64")
    order_of(shifting, 1, 16)
    orders = [shifting.lab.order(1) for _ in range(16)]
    for place in order:
        shifting.lab.report(orders[place], values(shifting, 1.0)(orders[place]))
        shifting.lab.validate()
        shifting.lab.later(seconds=1)
    shifting.hold()
    lines = history_of(shifting.db, 1)
    assert [(line.blocks, line.seeds) for line in lines] == [(1, 8), (2, 16)]
    expected = [1.0 + 0.3 * noise(number, 0) - 0.3 * noise(number, 1) for number in range(16)]
    assert [one.value for one in evidence.read_observations(shifting.db, 1)] == pytest.approx(expected)
    assert [line.e_value for line in lines] == pytest.approx(
        [math.exp(combine_sides(*log_es(make_stream(expected[:amount]), 0.0))) for amount in (8, 16)]
    )


def test_an_open_block_of_one_design_keeps_later_ones_of_another_waiting(shifting):
    shifting.lab.host("slow")
    second = further(shifting)
    order_of(shifting, second)
    slow = shifting.lab.order(2)
    shifting.compute(7, by=values(shifting, -3.0))
    block(shifting, effect=3.0)
    shifting.hold()
    assert lines_of(shifting) == []
    shifting.lab.report(slow, values(shifting, -3.0)(slow))
    shifting.lab.validate()
    shifting.hold()
    assert lines_of(shifting) == [(1, 1, 8), (2, 2, 16)]
    block(shifting, second, effect=-3.0)
    block(shifting, effect=3.0)
    shifting.hold()
    assert (newest(shifting).verdict, newest(shifting).grade) == (
        Verdict.MIXED,
        Grade.AWAITING,
    )  # designs that disagree
    assert shifting.broken() == {}


def test_a_claim_formed_from_data_counts_only_what_was_issued_after_it(shifting):
    block(shifting, effect=2.0)
    shifting.hold()
    made = amend_claim(
        shifting.db,
        1,
        {"smallest": 0.9},
        prediction=SAID,
        forecaster="Ada",
        why="it looked so",
        now=shifting.lab.now,
    )
    block(shifting, made.id, effect=1.0)
    shifting.hold()
    assert (lines_of(shifting), lines_of(shifting, 2)) == ([(1, 1, 8)], [(1, 1, 8)])
    seen = evidence.read_observations(shifting.db, 2)
    assert [one.cohort for one in seen] == [Cohort.EXPLORATORY] * 8 + [Cohort.CONFIRMATORY] * 8
    assert newest(shifting, 2).estimate == pytest.approx(1.0, abs=0.3)
    assert shifting.broken() == {}


def test_an_alarm_suspends_its_finding_once_and_the_log_says_why(shifting):
    def unseeded(order):
        return output(shifting.lab, order, lambda cell: 1.0 - cell.config + 0.123456789012345 * (cell.config + 1))

    order_of(shifting, 1)
    shifting.compute(8, by=unseeded)
    shifting.hold()
    line = newest(shifting)
    assert (line.seeds, line.clones, line.grade) == (1, 7, Grade.AWAITING)
    assert [alarm.force for alarm in line.alarms] == [Force.SUSPENDS]
    assert registrations.list_finding_statuses(shifting.db, 1)[1][0] == "suspended"
    assert shifting.kinds().count("finding.suspended") == 1
    registrations.set_finding_status(shifting.db, 1, "open", "somebody looked")
    block(shifting)
    shifting.hold()
    assert registrations.list_finding_statuses(shifting.db, 1)[1][0] == "open"  # whoever opened it has looked
    assert "finding.suspended" not in shifting.kinds()


@pytest.mark.parametrize("ignored", [0, None])
def test_a_seed_that_is_not_used_at_one_config_is_missing_and_suspends_its_finding(ignored, shifting):
    order_of(shifting, 1)
    shifting.compute(
        8,
        by=lambda order: output(
            shifting.lab,
            order,
            lambda cell: 0.123456789012345 if cell.config == ignored else (1.0 - cell.config / 3) * cell.seed / 2**64,
        ),
    )
    shifting.hold()
    line = newest(shifting)
    assert (line.seeds, line.clones) == ((8, 0) if ignored is None else (1, 7))
    assert [(alarm.kind, alarm.force) for alarm in line.alarms] == (
        [] if ignored is None else [("clones", Force.SUSPENDS)]
    )
    assert sum(bool(one.repeats) for one in evidence.read_observations(shifting.db, 1)) == (0 if ignored is None else 7)
    assert shifting.broken() == {}


COUNTED = """
INSERT INTO reproduction_count (registration_id, first_platform, second_platform, exact, close, divergent, disputed,
    counted_at)
VALUES (1, 'a', 'b', :exact, 0, :disputed, :disputed, :now)
"""


def count_duplicates(shifting, *, exact: int, disputed: int) -> None:
    shifting.lab.later(seconds=1)
    now = int(shifting.lab.now.timestamp() * 1_000_000)
    shifting.db.execute(COUNTED, exact=exact, disputed=disputed, now=now)


def test_what_ceases_opens_its_finding_again(shifting):
    """Half of the duplicates are disputed; later many more agree, and the few are only looked into."""
    count_duplicates(shifting, exact=2, disputed=2)
    block(shifting)
    shifting.hold()
    assert newest(shifting).suspends
    assert registrations.list_finding_statuses(shifting.db, 1)[1] == (
        "suspended",
        "2 of 4 duplicates disagree (2 on a and b)",
    )
    count_duplicates(shifting, exact=60, disputed=2)
    block(shifting)
    shifting.hold()
    assert registrations.list_finding_statuses(shifting.db, 1)[1] == ("open", "")
    assert shifting.said("finding.opened") == ["Finding 1 is open again: what suspended it is no longer so."]
    assert shifting.broken() == {}


def test_seeds_computed_again_raise_a_grade_without_a_new_block(shifting):
    for _ in range(3):
        block(shifting)
    shifting.hold()
    assert newest(shifting).grade is Grade.MODERATE
    for exact, lines in ((1, 3), (2, 4)):  # one of 24 is too few
        count_duplicates(shifting, exact=exact, disputed=0)
        order_of(shifting, 1, 1)
        shifting.compute(1, by=values(shifting, 1.0))
        shifting.hold()
        assert len(lines_of(shifting)) == lines
    assert lines_of(shifting)[2:] == [(3, 3, 24), (4, 3, 24)]
    assert newest(shifting).grade is Grade.STRONG
    assert {kind for kind in shifting.kinds() if kind.startswith("evidence.")} == {"evidence.changed"}
    assert shifting.broken() == {}


def test_the_more_claims_are_asked_the_surer_each_has_to_be(shifting, variant):
    """Two blocks give an e-value of about thirty: enough alone, not among two claims.

    Nor where one was recalled: else recalling what shows nothing would make the others surer.
    """
    for _ in range(2):
        block(shifting, effect=0.75, spread=3)
    shifting.hold()
    assert 20 < newest(shifting).e_value < 40
    assert newest(shifting).false_share == 0.05
    shifting.lab.later(seconds=1)
    shifting.lab.publish(variant("second_sum"))
    for recalled in ("NULL", "1"):
        shifting.db.execute(f"UPDATE experiment SET recalled_at = {recalled} WHERE id = 2")  # noqa: S608  our own
        shifting.lab.later(seconds=1)
        shifting.hold()
        assert [line.false_share for line in history_of(shifting.db, 1)][1:] == [0.05, None]
        assert shifting.broken() == {}


def test_a_finding_that_cannot_be_weighed_again_keeps_no_round_from_ending(shifting, variant, monkeypatch):
    for _ in range(2):
        block(shifting, effect=0.75, spread=3)
    shifting.hold()
    shifting.lab.later(seconds=1)
    shifting.lab.publish(variant("second_sum"))
    shifting.lab.later(seconds=1)

    def fail(*_):
        raise LookupError("a row is damaged")

    monkeypatch.setattr("axiom.laboratory.rounds.steps.weigh_findings.read_agreements", fail)
    shifting.hold()
    status, why = registrations.list_finding_statuses(shifting.db, 1)[1]
    assert status == "suspended"
    assert "cannot be weighed" in why


@pytest.mark.parametrize(
    ("status", "disputed", "after"),
    [("suspended", 0, "suspended"), ("retired", 0, "retired"), ("retired", 2, "suspended")],
)
def test_what_was_closed_by_hand_stays_so_and_is_suspended_if_it_still_answers(shifting, status, disputed, after):
    """No alarm had suspended it, so none can have ceased. A retired one answers, until an alarm is raised."""
    shifting.db.execute("UPDATE finding SET status = :status", status=status)
    count_duplicates(shifting, exact=2, disputed=disputed)
    block(shifting)
    shifting.hold()
    assert newest(shifting).suspends == bool(disputed)
    assert registrations.list_finding_statuses(shifting.db, 1)[1][0] == after


FIVE = [*WIDER, ({"size": 9, "shift": 9}, 4.0)]  # the claim compares sizes 1 and 2, and needs no size 9

ENDED = {Outcome.LATE: None, Outcome.DIVERGED: {"total": 1.0, "count": None}}


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        ({0: Outcome.DIVERGED, 4: Outcome.LATE}, Outcome.DIVERGED),  # what was late says nothing about the claim
        ({0: Outcome.LATE, 4: Outcome.DIVERGED}, Outcome.LATE),
        ({0: Outcome.LATE, 2: Outcome.DIVERGED}, Outcome.LATE),
        ({4: Outcome.LATE}, Outcome.OK),
    ],
)
def test_how_a_replicate_ended_is_told_by_the_cells_that_the_claim_needs(shifting, ended, outcome):
    order_of(shifting, further(shifting, points=FIVE))

    def by(order):
        cells = [
            replace(cell, outcome=ended[cell.config], measures=ENDED[ended[cell.config]])
            if cell.config in ended
            else cell
            for cell in shifting.lab.cells(order)
        ]
        return header_line(shifting.lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))

    shifting.compute(8, by=by)
    shifting.hold()
    seen = evidence.read_observations(shifting.db, 1)
    assert {(one.outcome, one.value is None) for one in seen} == {(outcome, outcome is not Outcome.OK)}
    assert shifting.broken() == {}


@pytest.mark.parametrize(
    "harm", ["json_set(body, '$.estimands[0].about', 'mean')", "json_remove(body, '$.estimands[0].smallest')"]
)
def test_a_finding_that_cannot_be_weighed_is_suspended_and_keeps_no_other_waiting(shifting, variant, harm):
    """A mean without bounds, which nobody can register, or whatever trips our own code."""
    shifting.lab.publish(variant("second_sum"))
    (before,) = shifting.db.select("SELECT body FROM registration WHERE id = 1")
    shifting.db.execute(f"UPDATE registration SET body = {harm} WHERE id = 1")  # noqa: S608  our own
    block(shifting)
    shifting.fill_block(2)
    shifting.hold()
    assert (lines_of(shifting), lines_of(shifting, 2)) == ([], [(1, 1, 8)])
    assert registrations.list_finding_statuses(shifting.db, 1)[1][0] == "suspended"
    assert shifting.kinds().count("finding.suspended") == 1
    shifting.hold()
    assert "finding.suspended" not in shifting.kinds()
    shifting.db.execute("UPDATE registration SET body = :body WHERE id = 1", **before)
    reopen_finding(shifting.db, 1, "mended")
    shifting.hold()
    assert lines_of(shifting) == [(1, 1, 8)]  # although nothing has come back since


def test_what_earlier_rules_weighed_is_weighed_again_and_stays_as_it_was_said(shifting):
    for _ in range(2):
        block(shifting, effect=3.0)
    shifting.hold()
    shifting.db.execute("UPDATE evidence SET e_kind = 'flip', low = -9.0")
    assert list(shifting.broken()) == ["I10"]
    shifting.db.execute("UPDATE evidence SET method = 1")
    assert shifting.broken() == {}
    shifting.hold()
    *_, before, after = history_of(shifting.db, 1)
    assert before.method == 1
    assert before.low == -9.0
    assert after.method == METHOD
    assert after.low > 0
    assert shifting.kinds().count("evidence.changed") == 1
    shifting.hold()
    assert (len(history_of(shifting.db, 1)), shifting.broken()) == (3, {})


LINE, ROOM = 1, 2  # the findings, in the order in which the file asks them


@pytest.fixture
def lab(small_lab):
    """Eight replicates, a block, are ordered."""
    return map_lab(small_lab, replicates=8)


def weigh_map(lab) -> None:
    current_round = sessions.find_open_round(lab.db) or sessions.begin_round(
        lab.db, pi="autopilot", reason="a test", now=lab.now
    )
    evaluate_findings(lab.db, current_round, lab.now)


def map_lines(lab, number: int) -> list[tuple[int, int, int]]:
    rows = lab.db.select(
        "SELECT blocks, seeds, missing FROM evidence WHERE finding_number = :number ORDER BY blocks", number=number
    )
    return [(row["blocks"], row["seeds"], row["missing"]) for row in rows]


def charted(lab) -> None:
    while lab.chart(is_idle=False):
        lab.compute()
    assert lab.levels("open").keys() <= {3}


def test_the_two_close_at_different_times(lab):
    """A dimension with the last tile that it needs; deeper ones change nothing of it."""
    lab.compute()
    weigh_map(lab)
    assert (map_lines(lab, ROOM), map_lines(lab, LINE)) == ([(1, 8, 0)], [])
    while lab.chart(is_idle=False):
        while lab.compute(1):
            open_before = count_unweighed_blocks(lab.db)
            if not open_before:
                weigh_map(lab)
                assert map_lines(lab, LINE) == []
    assert open_before == 1
    weigh_map(lab)
    assert (map_lines(lab, ROOM), map_lines(lab, LINE)) == ([(1, 8, 0)], [(1, 8, 0)])
    before = [observed.value for observed in evidence.read_observations(lab.db, LINE)]
    assert statistics.median(before) == pytest.approx(1.0, abs=0.3)  # the edge of a disc is a line
    while lab.chart(is_idle=True):
        lab.compute()
    assert 3 in lab.levels("drawn")
    assert count_unweighed_blocks(lab.db) == 0
    weigh_map(lab)
    assert map_lines(lab, LINE) == [(1, 8, 0)]
    assert [observed.value for observed in evidence.read_observations(lab.db, LINE)] == before
    lab.deploy(workunits=8, max_failures=1)
    lab.compute()
    weigh_map(lab)
    assert (map_lines(lab, ROOM)[-1], map_lines(lab, LINE)[-1]) == ((2, 16, 0), (1, 8, 0))
    charted(lab)
    weigh_map(lab)
    assert map_lines(lab, LINE)[-1] == (2, 16, 0)
    assert lab.broken() == {}


@pytest.mark.parametrize("has_failed", [True, False])
def test_a_tile_that_failed_or_left_the_numbers_leaves_its_replicate_no_dimension(lab, has_failed):
    lab.compute()
    lab.chart(is_idle=False)
    (order,) = lab.ask(1)
    lost = {"inside": None, "share": None, "border": None}
    output = None if has_failed else lab.output(order, outcome=Outcome.DIVERGED, measures=lost)
    lab.report(order, output, exit_status=10 if has_failed else 0)
    lab.validate()
    assert bool(lab.levels("void")) or has_failed
    charted(lab)
    weigh_map(lab)
    assert (map_lines(lab, ROOM), map_lines(lab, LINE)) == ([(1, 8, 0)], [(1, 7, 1)])
    (missing,) = [observed for observed in evidence.read_observations(lab.db, LINE) if observed.value is None]
    assert missing.why_missing
    assert missing.hosts == (1,) or not has_failed
    assert lab.broken() == {}


def test_only_the_arms_that_a_finding_speaks_of_keep_it_waiting(lab):
    lab.compute()
    lab.db.execute("UPDATE tile SET state = 'ordered' WHERE arm = 1 AND state = 'open'")  # it speaks of arm 0 alone
    while lab.chart(is_idle=False):
        lab.compute()
    weigh_map(lab)
    assert map_lines(lab, LINE) == [(1, 8, 0)]


def test_without_a_border_there_is_nothing_to_chart_and_no_dimension(small_lab):
    """Where no quarter is opened a replicate is charted at once, and says why it has no number."""
    lab = map_lab(small_lab, replicates=8)
    lab.db.execute(
        "CREATE TRIGGER calm AFTER INSERT ON tile WHEN new.state = 'open' BEGIN "
        "DELETE FROM tile WHERE experiment_id = new.experiment_id AND config = new.config "
        "AND replicate = new.replicate; END"
    )
    lab.compute()
    weigh_map(lab)
    assert map_lines(lab, LINE) == [(1, 0, 8)]
    assert {one.why_missing for one in evidence.read_observations(lab.db, LINE)} == {
        "no border passes at level 1 with size 1"
    }
