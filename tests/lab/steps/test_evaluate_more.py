"""Several designs, claims formed from data, alarms, duplicates and all other claims: what changes a finding's lines."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from evidence_lines import history_of
from planted_effects import SAID, WIDER, block, further, noise, order_of, output, values

from axiom.domain.findings import METHOD, Force, Grade, Verdict
from axiom.domain.registrations import Cohort
from axiom.domain.work import Outcome
from axiom.lab.evidence import observe
from axiom.lab.experiments.recall import reopen_finding
from axiom.lab.registrations.register import amend
from axiom.lab.steps.evaluate import unweighed
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.statistics.signed_ranks import either, log_es, stream
from axiom.store.evidence import evidence
from axiom.store.registrations import registrations


@pytest.fixture
def rounds(shifting):
    return shifting


def history(rounds, number: int = 1) -> list[tuple[int, int, int]]:
    """Line, blocks and seeds of each line."""
    return [(line.line, line.blocks, line.seeds) for line in history_of(rounds.db, number)]


def newest(rounds, number: int = 1):
    return evidence.newest(rounds.db)[number]


def test_a_further_design_adds_its_blocks_to_the_same_stream(rounds):
    block(rounds)
    rounds.hold()
    second = further(rounds)
    order_of(rounds, second, 5)
    order_of(rounds, 1)
    order_of(rounds, second, 3)
    rounds.compute(16, by=values(rounds, 1.0))
    assert unweighed(rounds.db) == 2
    rounds.hold()
    assert history(rounds) == [(1, 1, 8), (2, 2, 16), (3, 3, 24)]
    placed = evidence.kept(rounds.db, 1).placed
    assert [(place.block, place.observation.replicate) for place in placed] == [
        *((1, number) for number in range(8)),
        *((2, number) for number in range(13, 21)),  # wholly issued before the other design's block
        *((3, number) for number in (*range(8, 13), *range(21, 24))),
    ]
    assert {place.observation.design for place in placed} == {"declared", "wide"}
    (finding,) = evidence.weighed(rounds.db, 1)
    asked, remembered = (observe.version(rounds.db, 1, datetime.max.replace(tzinfo=UTC)) for _ in range(2))
    remembered.remember(finding, evidence.kept(rounds.db, 1).observations)
    assert remembered.reached(finding) == asked.reached(finding) == {1: 20, second: 23}
    assert newest(rounds).designs == 2
    assert rounds.broken() == {}


@pytest.mark.parametrize("order", [range(16), [3, 15, 0, 7, 9, 1, 14, 2, 8, 4, 13, 5, 12, 6, 11, 10]])
def test_what_comes_back_first_leaves_no_trace(rounds, order):
    """The lines are those of the numbers' order, and the same however the results arrived."""
    rounds.db.execute("UPDATE host SET cores = 64")
    order_of(rounds, 1, 16)
    orders = [rounds.lab.order(1) for _ in range(16)]
    for place in order:
        rounds.lab.report(orders[place], values(rounds, 1.0)(orders[place]))
        rounds.lab.validate()
        rounds.lab.later(seconds=1)
    rounds.hold()
    lines = history_of(rounds.db, 1)
    assert [(line.blocks, line.seeds) for line in lines] == [(1, 8), (2, 16)]
    said = lambda values: math.exp(either(*log_es(stream(values), 0.0)))  # noqa: E731
    expected = [1.0 + 0.3 * noise(number, 0) - 0.3 * noise(number, 1) for number in range(16)]
    assert [one.value for one in evidence.observed(rounds.db, 1)] == pytest.approx(expected)
    assert [line.e_value for line in lines] == pytest.approx([said(expected[:n]) for n in (8, 16)])


def test_an_open_block_of_one_design_keeps_later_ones_of_another_waiting(rounds):
    rounds.lab.host("slow")
    second = further(rounds)
    order_of(rounds, second)
    slow = rounds.lab.order(2)
    rounds.compute(7, by=values(rounds, -3.0))
    block(rounds, effect=3.0)
    rounds.hold()
    assert history(rounds) == []
    rounds.lab.report(slow, values(rounds, -3.0)(slow))
    rounds.lab.validate()
    rounds.hold()
    assert history(rounds) == [(1, 1, 8), (2, 2, 16)]
    assert (newest(rounds).verdict, newest(rounds).grade) == (Verdict.MIXED, Grade.AWAITING)  # designs that disagree
    assert rounds.broken() == {}


def test_a_claim_formed_from_data_counts_only_what_was_issued_after_it(rounds):
    block(rounds, effect=2.0)
    rounds.hold()
    with rounds.db.transaction():
        made = amend(
            rounds.db, 1, {"smallest": 0.9}, prediction=SAID, forecaster="Ada", why="it looked so", now=rounds.lab.now
        )
    block(rounds, made.id, effect=1.0)
    rounds.hold()
    assert (history(rounds), history(rounds, 2)) == ([(1, 1, 8)], [(1, 1, 8)])
    seen = evidence.observed(rounds.db, 2)
    assert [one.cohort for one in seen] == [Cohort.EXPLORATORY] * 8 + [Cohort.CONFIRMATORY] * 8
    assert newest(rounds, 2).estimate == pytest.approx(1.0, abs=0.3)
    assert rounds.broken() == {}


def test_an_alarm_suspends_its_finding_once_and_the_log_says_why(rounds):
    def unseeded(order):
        return output(rounds.lab, order, lambda cell: 1.0 - cell.config + 0.123456789012345 * (cell.config + 1))

    order_of(rounds, 1)
    rounds.compute(8, by=unseeded)
    rounds.hold()
    line = newest(rounds)
    assert (line.seeds, line.clones, line.grade) == (1, 7, Grade.AWAITING)
    assert [alarm.force for alarm in line.alarms] == [Force.SUSPENDS]
    assert registrations.statuses(rounds.db, 1)[1][0] == "suspended"
    assert rounds.kinds().count("finding.suspended") == 1
    registrations.set_status(rounds.db, 1, "open", "somebody looked")
    block(rounds)
    rounds.hold()
    assert registrations.statuses(rounds.db, 1)[1][0] == "open"  # whoever opened it has looked
    assert "finding.suspended" not in rounds.kinds()


@pytest.mark.parametrize("ignored", [0, None])
def test_a_seed_that_is_not_used_at_one_config_is_said_and_holds_its_finding_back(ignored, rounds):
    order_of(rounds, 1)
    rounds.compute(
        8,
        by=lambda order: output(
            rounds.lab,
            order,
            lambda cell: 0.123456789012345 if cell.config == ignored else (1.0 - cell.config / 3) * cell.seed / 2**64,
        ),
    )
    rounds.hold()
    line = newest(rounds)
    assert (line.seeds, line.clones) == (8, 0)
    assert [(alarm.kind, alarm.force) for alarm in line.alarms] == (
        [] if ignored is None else [("repeats", Force.HOLDS_BACK)]
    )
    assert sum(bool(one.repeats) for one in evidence.observed(rounds.db, 1)) == (0 if ignored is None else 7)
    assert rounds.broken() == {}


COUNTED = """
INSERT INTO reproduction_count (registration_id, first_platform, second_platform, exact, close, divergent, disputed,
    counted_at)
VALUES (1, 'a', 'b', :exact, 0, :disputed, :disputed, :now)
"""


def count_duplicates(rounds, *, exact: int, disputed: int) -> None:
    rounds.lab.later(seconds=1)
    now = int(rounds.lab.now.timestamp() * 1_000_000)
    rounds.db.execute(COUNTED, exact=exact, disputed=disputed, now=now)


def test_what_ceases_opens_its_finding_again(rounds):
    """Half of the duplicates are disputed; later many more agree, and the few are only looked into."""
    count_duplicates(rounds, exact=2, disputed=2)
    block(rounds)
    rounds.hold()
    assert newest(rounds).suspends
    assert registrations.statuses(rounds.db, 1)[1] == ("suspended", "2 of 4 duplicates disagree (2 on a and b)")
    count_duplicates(rounds, exact=60, disputed=2)
    block(rounds)
    rounds.hold()
    assert registrations.statuses(rounds.db, 1)[1] == ("open", "")
    assert rounds.said("finding.opened") == ["Finding 1 is open again: what suspended it is no longer so."]
    assert rounds.broken() == {}


def test_seeds_computed_again_raise_a_grade_without_a_new_block(rounds):
    for _ in range(3):
        block(rounds)
    rounds.hold()
    assert newest(rounds).grade is Grade.MODERATE
    for exact, lines in ((1, 3), (2, 4)):  # one of 24 is too few
        count_duplicates(rounds, exact=exact, disputed=0)
        order_of(rounds, 1, 1)
        rounds.compute(1, by=values(rounds, 1.0))
        rounds.hold()
        assert len(history(rounds)) == lines
    assert history(rounds)[2:] == [(3, 3, 24), (4, 3, 24)]
    assert newest(rounds).grade is Grade.STRONG
    assert {kind for kind in rounds.kinds() if kind.startswith("evidence.")} == {"evidence.changed"}
    assert rounds.broken() == {}


def test_the_more_claims_are_asked_the_surer_each_has_to_be(rounds, variant):
    """A block of eight gives an e-value of about thirty: enough alone, not among two claims.

    Nor where one was recalled: else recalling what shows nothing would make the others surer.
    """
    block(rounds, spread=0.01)
    rounds.hold()
    assert 20 < newest(rounds).e_value < 40
    assert newest(rounds).false_share == 0.05
    rounds.lab.later(seconds=1)
    rounds.lab.publish(variant("second_sum"))
    for recalled in ("NULL", "1"):
        rounds.db.execute(f"UPDATE experiment SET recalled_at = {recalled} WHERE id = 2")  # noqa: S608  our own
        rounds.lab.later(seconds=1)
        rounds.hold()
        assert [(line.line, line.false_share) for line in history_of(rounds.db, 1)] == [(1, 0.05), (2, None)]
        assert rounds.broken() == {}


@pytest.mark.parametrize(("status", "disputed"), [("suspended", 0), ("retired", 2)])
def test_who_closed_a_finding_by_hand_is_left_alone(rounds, status, disputed):
    """No alarm had suspended it, so none can have ceased; nor is it suspended as well."""
    rounds.db.execute("UPDATE finding SET status = :status", status=status)
    count_duplicates(rounds, exact=2, disputed=disputed)
    block(rounds)
    rounds.hold()
    assert newest(rounds).suspends == bool(disputed)
    assert registrations.statuses(rounds.db, 1)[1][0] == status


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
def test_how_a_replicate_ended_is_told_by_the_cells_that_the_claim_needs(rounds, ended, outcome):
    order_of(rounds, further(rounds, points=FIVE))

    def by(order):
        cells = [
            replace(cell, outcome=ended[cell.config], measures=ENDED[ended[cell.config]])
            if cell.config in ended
            else cell
            for cell in rounds.lab.cells(order)
        ]
        return header_line(rounds.lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))

    rounds.compute(8, by=by)
    rounds.hold()
    seen = evidence.observed(rounds.db, 1)
    assert {(one.outcome, one.value is None) for one in seen} == {(outcome, outcome is not Outcome.OK)}
    assert rounds.broken() == {}


@pytest.mark.parametrize(
    "harm", ["json_set(body, '$.estimands[0].about', 'mean')", "json_remove(body, '$.estimands[0].measure')"]
)
def test_a_finding_that_cannot_be_weighed_is_suspended_and_keeps_no_other_waiting(rounds, variant, harm):
    """A mean without bounds, which nobody can register, or whatever trips our own code."""
    rounds.lab.publish(variant("second_sum"))
    (before,) = rounds.db.select("SELECT body FROM registration WHERE id = 1")
    rounds.db.execute(f"UPDATE registration SET body = {harm} WHERE id = 1")  # noqa: S608  our own
    block(rounds)
    rounds.fill_block(2)
    rounds.hold()
    assert (history(rounds), history(rounds, 2)) == ([], [(1, 1, 8)])
    assert registrations.statuses(rounds.db, 1)[1][0] == "suspended"
    assert rounds.kinds().count("finding.suspended") == 1
    rounds.hold()
    assert "finding.suspended" not in rounds.kinds()
    rounds.db.execute("UPDATE registration SET body = :body WHERE id = 1", **before)
    reopen_finding(rounds.db, 1, "mended")
    rounds.hold()
    assert history(rounds) == [(1, 1, 8)]  # although nothing has come back since


def test_what_earlier_rules_weighed_is_weighed_again_and_stays_as_it_was_said(rounds):
    block(rounds, effect=3.0)
    rounds.hold()
    rounds.db.execute("UPDATE evidence SET e_kind = 'flip', low = -9.0")
    assert list(rounds.broken()) == ["I10"]
    rounds.db.execute("UPDATE evidence SET method = 1")
    assert rounds.broken() == {}
    rounds.hold()
    before, after = history_of(rounds.db, 1)
    assert (before.method, before.low, after.method, after.low > 0) == (1, -9.0, METHOD, True)
    assert rounds.kinds().count("evidence.changed") == 1
    rounds.hold()
    assert len(history_of(rounds.db, 1)) == 2
    assert rounds.broken() == {}
