"""A question of a program: complete, apart from its rival's, registered only once it is approved, and taken back."""

import json
from dataclasses import replace

import pytest

from axiom.commands.links import NoteFinding
from axiom.commands.proposals import ApproveProposal, MakeProposal, WithdrawProposal
from axiom.domain.proposals import ProposalState
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.lab.followups.propose import open_core_seconds
from axiom.service import callers
from axiom.store.evidence import finding_notes
from axiom.store.registrations import proposals, registrations

ENDS = [{"size": 1, "shift": 0}, {"size": 2, "shift": 0}]
ASKED = MakeProposal(
    finding=1,
    question="Is the smaller one larger where nothing is shifted?",
    motivation="It was asked over all sizes, never at these two.",
    claim="size 1 has a larger total than size 2",
    rival="The total grows with the size.",
    rival_low=-9.0,
    rival_high=-0.5,
    configs=json.dumps(ENDS),
    between=json.dumps(ENDS),
    kind="contrast",
    across="",
    null=0.0,
    smallest=0.2,  # coarser than that of the finding: else it would be the same question
    expects="+",
    positive=0.7,
    negative=0.2,
    absent=0.1,
    low=0.1,
    high=2.0,
    because="a test",
    if_positive="Size hurts.",
    if_absent="Size does not matter.",
    if_negative="Size helps.",
    by="program:ada",
    replicates=16,
)


@pytest.fixture
def program(door):
    """A program that may propose."""
    return door.let_in("propose")


def kept(door, number: int):
    return door.look(lambda db: proposals.one(db, number))


def test_what_a_program_asks_waits_and_is_registered_when_a_person_approves_it(door, program):
    answer = door.submit(ASKED, caller=program)
    number = answer["proposal"]
    assert (answer["state"], answer["core_seconds"]) == ("open", kept(door, number).proposal.most_core_seconds)
    assert answer["core_seconds"] == 16 * 2 * 60.0  # each cell may take a minute, whatever the file declares
    assert door.look(lambda db: len(registrations.registrations(db, 1))) == 1  # the rehearsal left nothing
    with pytest.raises(NotAllowed):
        door.submit(ApproveProposal(proposal=number, why="I like it", by="operator"), caller=program)
    assert kept(door, number).state is ProposalState.OPEN
    approved = door.submit(ApproveProposal(proposal=number, why="go on"), caller=callers.operator())
    (finding,) = approved["findings"]
    stored = kept(door, number)
    assert (stored.state, stored.decided_by) == (ProposalState.APPROVED, "operator")
    assert (stored.proposal.author, stored.proposal.rival_interval) == ("program:ada", (-9.0, -0.5))
    assert door.look(lambda db: open_core_seconds(db, "program:ada", at_most=True)) == answer["core_seconds"]
    assert door.broken() == {}
    # another kind of number keeps no arms of the finding's
    slope = replace(ASKED, finding=finding, kind="slope", across="size", between=None, claim="the total falls")
    (estimand,) = kept(door, door.submit(slope, caller=program)["proposal"]).proposal.estimands
    assert not estimand["between"]


def test_what_could_not_be_registered_is_not_proposed(door, program):
    before = door.stored()
    for changes, error in (
        ({"rival_high": 0.5}, Refused),  # both could be right
        ({"rival_low": 3.0, "rival_high": 2.5}, Refused),
        ({"positive": 0.9}, WrongUse),
        ({"low": 3.0}, WrongUse),
        ({"finding": 99}, NotFound),
        ({"configs": "[]"}, Refused),
        ({"configs": "[{"}, Refused),
        ({"configs": json.dumps([{"size": 10**9, "shift": 0}])}, Refused),  # outside what the file allows
        ({"between": "[1]"}, WrongUse),
        ({"between": json.dumps(ENDS[:1])}, Refused),  # a contrast has two arms
        ({"between": None, "kind": "slope", "across": "shift"}, Refused),  # one level of it is no slope
        ({"between": json.dumps([{"size": [1]}, ENDS[1]])}, WrongUse),
        ({"between": '[{"size": 1e999}, {"size": 2}]'}, WrongUse),
        ({"between": f'[{{"size": 1{"0" * 400}}}, {{"size": 2}}]'}, WrongUse),
        ({"between": r'[{"size": "\ud800"}, {"size": 2}]'}, WrongUse),
        ({"between": '[{"size": 1, "size": 2}, {"size": 2}]'}, WrongUse),
        ({"configs": '[{"size": 1e999, "shift": 0}]'}, Refused),
        ({"configs": r'[{"size": "\ud800", "shift": 0}]'}, Refused),
        ({"configs": f'[{{"size": 1{"0" * 400}, "shift": 0}}]'}, Refused),
        ({"between": json.dumps([{"size": 7, "shift": 0}, ENDS[1]])}, Refused),  # it is not computed
        ({"measure": "no_such"}, UnknownName),
        ({"kind": "slope", "across": "no_such"}, UnknownName),
    ):
        with pytest.raises(error):
            door.submit(replace(ASKED, **changes), caller=program)
        door.lab.later(hours=2)
    assert door.stored() == before


def test_the_same_question_is_asked_once_and_few_may_wait(door, program):
    with pytest.raises(LimitReached):
        door.submit(replace(ASKED, replicates=100_000), caller=program)
    assert door.look(proposals.everything) == []
    door.submit(ASKED, caller=program)
    with pytest.raises(Refused):
        door.submit(replace(ASKED, motivation="Again."), caller=program)
    for place in range(2):
        door.submit(replace(ASKED, claim=f"size 1 has a larger total, {place}"), caller=program)
    with pytest.raises(LimitReached):
        door.submit(replace(ASKED, claim="yet another"), caller=program)


def test_its_author_alone_takes_a_proposal_back_and_then_nothing_more_of_it_is_ordered(door, program):
    number = door.submit(ASKED, caller=program)["proposal"]
    with pytest.raises(Refused):
        door.submit(WithdrawProposal(proposal=number, why="mine now", by="eve"), caller=callers.operator())
    door.submit(WithdrawProposal(proposal=number, why="I was wrong", by="program:ada"), caller=program)
    assert kept(door, number).state is ProposalState.WITHDRAWN
    with pytest.raises(Refused):
        door.submit(ApproveProposal(proposal=number, why="go on"), caller=callers.operator())
    again = door.submit(replace(ASKED, motivation="I was right."), caller=program)["proposal"]
    (finding,) = door.submit(ApproveProposal(proposal=again, why="go on"), caller=callers.operator())["findings"]
    answer = door.submit(WithdrawProposal(proposal=again, why="I was wrong", by="program:ada"), caller=program)
    assert answer["retired"] == [finding]
    assert door.look(lambda db: registrations.statuses(db, 1)[finding]) == ("retired", "I was wrong")


def test_a_note_stands_beside_its_finding_in_its_author_s_name(door, program):
    note = NoteFinding(finding=1, text="Compare it with a larger size.\nIt may turn.", by="program:ada")
    door.submit(note, caller=program)
    (kept_note,) = door.look(lambda db: finding_notes.of(db, 1))
    assert (kept_note.by, kept_note.text.count("\n")) == ("program:ada", 1)
    with pytest.raises(NotFound):
        door.submit(replace(note, finding=99), caller=program)
    numbered = replace(note, text="Compare it with size 9.")
    with pytest.raises(Refused, match="9"):
        door.submit(numbered, caller=program)
    door.submit(replace(numbered, by="Ada"), caller=callers.operator())
    with pytest.raises(WrongUse):
        replace(note, text="\x1b[2J it clears the screen")
