"""No proposal is made twice, no more than a cap waits, a refused one stays refused, and the autopilot has its cap."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from follow_up_subjects import manifest, said, subject

from axiom.decisions.followups.admission import MOST_OF_FINDING, MOST_OPEN, made, next_admitted
from axiom.decisions.followups.rules import followups
from axiom.domain.findings import Grade, Verdict
from axiom.domain.proposals import KeptProposal, ProposalState

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OPEN, APPROVED, REFUSED, LAPSED, _ = ProposalState


def kept(proposal, number=1, state=OPEN):
    return KeptProposal(
        number=number,
        proposal=proposal,
        state=state,
        why="",
        decided_by="",
        registration_id=None,
        session_id=None,
        created_at=NOW,
        decided_at=None,
    )


def test_only_so_many_wait_at_once_and_few_of_one_finding():
    following = followups([subject(number=place, manifest=manifest(name=f"widths_{place}")) for place in range(1, 9)])
    decided = made(following, [])
    assert len(decided.new) == MOST_OPEN
    assert decided.left == len(following) - MOST_OPEN
    counts = [one.finding for one in decided.new]
    assert max(counts.count(number) for number in counts) <= MOST_OF_FINDING
    alone = made([one for one in following if one.finding == 1], [])
    assert (len(alone.new), alone.left > 0) == (MOST_OF_FINDING, True)
    assert made(following, [kept(one, place) for place, one in enumerate(decided.new)]).new == ()


@pytest.mark.parametrize(("state", "comes_back"), [(OPEN, False), (APPROVED, False), (REFUSED, False), (LAPSED, True)])
def test_a_proposal_is_never_made_twice(state, comes_back):
    first, *_ = following = followups([subject()])
    new = made(following, [kept(first, state=state)]).new
    assert (first in new) is comes_back


def test_one_that_was_refused_comes_back_when_the_evidence_has_changed():
    before = next(one for one in followups([subject()]) if one.slug.startswith("extremes"))
    surer = followups([subject(evidence=said(grade=Grade.STRONG))])
    after = next(one for one in surer if one.slug == before.slug)
    assert made([after], [kept(before, state=REFUSED)]).new == (after,)
    assert made([after], [kept(before, state=APPROVED)]).new == ()


def test_what_no_longer_follows_lapses_unless_a_person_made_it():
    first, second, *rest = followups([subject()])
    by_hand = replace(second, author="Ada")
    decided = made(rest, [kept(first, 1), kept(by_hand, 2)])
    assert [one.number for one in decided.lapsed] == [1]


def test_the_autopilot_approves_what_tells_most_for_its_cost_within_its_cap():
    following = followups([subject()])
    waiting = [kept(one, number) for number, one in enumerate(following, start=1)]

    def next_of(hours, under_way=0.0, known=waiting):
        found = next_admitted(known, open_core_seconds=under_way, most_core_hours=hours)
        return found and found.number

    best = max(following, key=lambda one: one.per_core_hour)
    assert waiting[next_of(1e6) - 1].proposal == best
    cheapest = min(one.most_core_seconds for one in following)
    assert next_of(cheapest / 3_600 * 0.999) is None
    assert next_of(cheapest / 3_600 * 1.001) is not None
    assert next_of(cheapest / 3_600 * 1.001, under_way=cheapest) is None
    assert next_of(0.0) is None
    by_hand = [kept(replace(one, author="Ada"), 1) for one in following]
    assert next_of(1e6, known=by_hand) is None, "a person's proposal waits for a person"
    assert next_of(1e6, known=[kept(best, state=APPROVED)]) is None


def test_what_orders_nothing_comes_first():
    retiring = subject(
        number=2, evidence=said(verdict=Verdict.ABSENT, grade=Grade.STRONG), manifest=manifest(ranges={})
    )
    first, *_ = followups([subject(), retiring])
    assert first.slug == "retire-2-absent-strong"
