"""Ideas: what is open stands first, and an old one that was answered today before a newer that was answered earlier."""

from datetime import timedelta

from axiom.domain.proposals import Idea, IdeaAnswer, IdeaState, ProposalState
from axiom.reads.proposals import order_proposals
from axiom.store.registrations import ideas
from axiom.store.registrations.proposals import ProposalStanding


def test_what_was_answered_last_stands_first_behind_what_is_open(browse, small_lab):
    for number in range(1, 5):
        idea = Idea(question=f"{number}?", why="why", by="ada")
        ideas.add_idea(small_lab.db, idea, is_shown=True, now=small_lab.now)
    reply = IdeaAnswer(state=IdeaState.DECLINED, why="it is known", by="operator")
    for days, number in enumerate((4, 1), 1):
        assert ideas.answer_idea(small_lab.db, number, reply, None, small_lab.now + timedelta(days=days))
    assert [row["number"] for row in browse(small_lab).get("/ideas.json").json["ideas"]] == [3, 2, 1, 4]


def test_proposals_that_wait_stand_before_newer_ones_that_were_decided():
    states = {1: ProposalState.OPEN, 2: ProposalState.REFUSED, 3: ProposalState.OPEN, 4: ProposalState.APPROVED}
    standings = [ProposalStanding(number=number, state=state) for number, state in states.items()]
    assert order_proposals(standings) == [3, 1, 4, 2]
