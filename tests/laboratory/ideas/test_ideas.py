"""Ideas and questions at the gate: who may write, read, answer, approve and take one back."""

import json
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import QUESTION, weighed

from axiom.domain.callers import volunteer_caller as caller
from axiom.domain.evidence import Meaning
from axiom.domain.proposals import IdeaState, ProposalState
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.accounts.commands.accounts import EraseAccount, OpenAccount
from axiom.laboratory.findings.commands.prose import NoteFinding
from axiom.laboratory.ideas.commands import (
    AddIdea,
    AnswerIdea,
    HideIdea,
    RetractIdea,
    ShowIdea,
    SuggestIdea,
    WithdrawIdea,
)
from axiom.laboratory.proposals.commands.proposals import ApproveProposal, MakeProposal, WithdrawProposal
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.limits import ideas as limits
from axiom.service import standard_callers as callers
from axiom.store.findings import finding_notes, links
from axiom.store.registrations import ideas, proposals, registrations

WORDS = {"question": "Does the order of the sizes matter?", "why": "Nobody has turned it round."}
MINE = AddIdea(**WORDS, by="operator")
THEIRS = SuggestIdea(**WORDS, volunteer=1)
OPERATOR = callers.operator_caller()


@pytest.fixture
def ann(door, secret):  # noqa: ARG001  the keys are made from it
    """Volunteer 1, as a caller; volunteer 2 has an account, too."""
    for name in ("Ann", "Bob"):
        opened = OpenAccount(called=name, email=f"{name}@mail.example", password="a kettle in may")  # noqa: S106
        door.submit(opened, caller=caller(None))
    return caller(1)


def stored(door, number: int):
    return door.look(lambda db: ideas.find_idea(db, number))


def public(door) -> list[int]:
    return [idea.number for idea in door.look(lambda db: ideas.list_idea_standings(db, public=True))]


def test_a_program_writes_in_its_own_name_if_it_may_propose(door):
    reader, program = door.let_in("read", name="eve", key="e"), door.let_in("propose")
    with pytest.raises(NotAllowed):
        door.submit(read_command("idea.add", WORDS, reader), caller=reader)
    assert stored(door, 1) is None
    number = door.submit(read_command("idea.add", WORDS, program), caller=program)["idea"]
    assert (stored(door, number).idea.by, public(door)) == ("program:ada", [number])
    for refused in (ShowIdea(idea=number), AnswerIdea(idea=number, state="declined", why="no reason")):
        with pytest.raises(NotAllowed):
            door.submit(refused, caller=program)


def test_a_volunteers_idea_is_read_by_others_only_once_the_operator_shows_it(door, ann):
    for stranger in (caller(None), caller(2)):
        for command in (THEIRS, MINE):
            with pytest.raises(NotAllowed):
                door.submit(command, caller=stranger)
    assert stored(door, 1) is None
    number = door.submit(THEIRS, caller=ann)["idea"]
    assert public(door) == []
    with pytest.raises(NotAllowed):
        door.submit(ShowIdea(idea=number), caller=ann)
    door.submit(ShowIdea(idea=number), caller=OPERATOR)
    assert public(door) == [number]
    with pytest.raises(Refused):
        door.submit(ShowIdea(idea=number), caller=OPERATOR)
    door.submit(HideIdea(idea=number), caller=OPERATOR)
    assert public(door) == []
    theirs = [entry for entry in door.audited() if entry["command"] != "idea.add"]
    assert WORDS["question"] not in str(theirs)  # which can never be shortened
    assert door.broken() == {}


def test_a_volunteer_writes_so_many_a_day_and_what_all_read_outlives_the_account(door, ann):
    shown = door.submit(THEIRS, caller=ann)["idea"]
    with pytest.raises(Refused):  # no question twice
        door.submit(THEIRS, caller=ann)
    hidden = [
        door.submit(replace(THEIRS, question=f"{WORDS['question']} {place}"), caller=ann)["idea"]
        for place in range(2, limits.A_DAY)
    ]
    more = replace(THEIRS, question="And this one?")
    with pytest.raises(LimitReached):
        door.submit(more, caller=ann)
    door.lab.later(hours=25)
    assert door.submit(more, caller=ann)["idea"] == limits.A_DAY
    door.submit(ShowIdea(idea=shown), caller=OPERATOR)
    door.submit(EraseAccount(volunteer=1), caller=OPERATOR)
    assert (public(door), stored(door, hidden[0])) == ([shown], None)


def test_an_answer_says_enough_and_what_was_taken_up_may_be_known_one_day(door):
    number = door.submit(MINE, caller=OPERATOR)["idea"]
    for state, words, error in (
        ("taken", {}, WrongUse),
        ("taken", {"experiment": "tiny_sum", "finding": 1}, WrongUse),
        ("taken", {"proposal": 9}, NotFound),
        ("taken", {"experiment": "tiny_sun"}, WrongUse),
        ("known", {}, WrongUse),
        ("known", {"finding": 9}, NotFound),
        ("declined", {}, WrongUse),
        ("declined", {"why": "no", "finding": 1}, WrongUse),
        ("open", {}, WrongUse),
    ):
        with pytest.raises(error):
            door.submit(AnswerIdea(idea=number, state=state, **words), caller=OPERATOR)
    assert stored(door, number).state is IdeaState.OPEN
    door.submit(AnswerIdea(idea=number, state="taken", experiment="tiny_sum"), caller=OPERATOR)
    assert stored(door, number).answer.experiment == "tiny_sum@1"
    door.submit(AnswerIdea(idea=number, state="known", finding=1), caller=OPERATOR)
    idea = stored(door, number)
    assert idea.state == IdeaState.KNOWN
    assert idea.answer.finding == 1
    assert idea.answer.experiment is None


def test_only_its_author_takes_an_idea_back_and_only_while_it_is_open(door, ann):
    mine, theirs = (door.submit(added, caller=by)["idea"] for added, by in ((MINE, OPERATOR), (THEIRS, ann)))
    for command, by in (
        (WithdrawIdea(idea=mine, by="program:eve"), OPERATOR),
        (WithdrawIdea(idea=theirs, by="volunteer:1"), OPERATOR),
        (RetractIdea(idea=mine, volunteer=1), ann),
        (RetractIdea(idea=theirs, volunteer=2), caller(2)),
    ):
        with pytest.raises((Refused, NotFound)):
            door.submit(command, caller=by)
    door.submit(WithdrawIdea(idea=mine, by="operator"), caller=OPERATOR)
    door.submit(RetractIdea(idea=theirs, volunteer=1), caller=ann)
    assert public(door) == []
    for command in (ShowIdea(idea=theirs), AnswerIdea(idea=theirs, state="declined", why="too late")):
        with pytest.raises(Refused):
            door.submit(command, caller=OPERATOR)


ENDS = [{"size": 1, "shift": 0}, {"size": 2, "shift": 0}]
ASKED = MakeProposal(
    **QUESTION | {"finding": 1, "configs": json.dumps(ENDS), "between": json.dumps(ENDS)}, by="program:ada"
)


@pytest.fixture
def program(door):
    return door.let_in("propose")


def asked(door, number: int):
    return door.look(lambda db: proposals.find_proposal(db, number))


def test_what_a_program_asks_waits_and_is_registered_when_a_person_approves_it(door, program):
    answer = door.submit(ASKED, caller=program)
    number = answer["proposal"]
    assert answer["state"] == "open"
    assert asked(door, number).proposal.most_core_seconds == 16 * 2 * 60.0  # each cell may take a minute
    assert door.look(lambda db: len(registrations.read_registrations(db, 1))) == 1  # the rehearsal left nothing
    with pytest.raises(NotAllowed):
        door.submit(ApproveProposal(proposal=number, why="I like it", by="operator"), caller=program)
    assert asked(door, number).state is ProposalState.OPEN
    approved = door.submit(ApproveProposal(proposal=number, why="go on"), caller=callers.operator_caller())
    (finding,) = approved["findings"]
    stored = asked(door, number)
    assert (stored.state, stored.decided_by) == (ProposalState.APPROVED, "operator")
    assert (stored.proposal.author, stored.proposal.rival_interval) == ("program:ada", (-9.0, -0.5))
    assert door.look(lambda db: open_cost(db, "program:ada")).most == 16 * 2 * 60.0
    assert door.broken() == {}
    # another kind of number keeps no arms of the finding's
    slope = replace(ASKED, finding=finding, kind="slope", across="size", between=None, claim="the total falls")
    (estimand,) = asked(door, door.submit(slope, caller=program)["proposal"]).proposal.estimands
    assert not estimand["between"]


def test_a_follow_up_says_what_it_inherits_and_which_sign_upholds_its_finding(door, program):
    bare = replace(ASKED, configs=[{"size": 1}, {"size": 2}], null=None, kind=None)
    dry = door.submit(bare, caller=program, dry_run=True)
    made = door.submit(bare, caller=program)
    (estimand,) = made["estimands"]
    assert dry["estimands"] == [estimand]
    assert estimand == json.loads(json.dumps(asked(door, made["proposal"]).proposal.estimands))[0]
    assert asked(door, made["proposal"]).proposal.configs == tuple(ENDS)  # all of its finding have shift 0
    assert {"null", "kind"} <= set(made["inherited"])
    assert not {"smallest", "between", "claim", "prediction"} & set(made["inherited"])
    less = {"positive": 0.2, "negative": 0.7, "low": -2.0, "high": -0.1, "rival_low": 0.5, "rival_high": 9.0}
    turned = replace(ASKED, expects="-", claim="size 1 has a smaller total", **less)
    said = door.submit(replace(turned, upheld_by="-,absent", claim="it vanishes"), caller=program)
    assert (made["upheld_by"], said["upheld_by"]) == (["effect +"], ["effect −", "absent"])
    unsaid = door.submit(turned, caller=program)
    # of the same number the sign counts, not what the new claim says: finding 1 claims effect +
    assert unsaid["upheld_by"] == ["effect +"]
    assert "expects" not in unsaid["inherited"]
    approved = door.submit(ApproveProposal(proposal=unsaid["proposal"], why="go on"), caller=callers.operator_caller())
    link = door.look(lambda db: links.list_links(db)[-1])
    assert (link.source.id, link.upheld_by) == (approved["findings"][0], (Meaning.OPPOSITE,))


def test_an_honest_interval_may_reach_into_the_rival_s_if_its_median_does_not(door, program):
    middle = (ASKED.low + ASKED.high) / 2
    with pytest.raises(Refused, match=f"The median that is expected, {middle:g}"):
        door.submit(replace(ASKED, rival_high=middle), caller=program)
    assert door.submit(replace(ASKED, rival_high=middle - 0.01), caller=program)["state"] == "open"


def test_what_could_not_be_registered_is_not_proposed_nor_more_than_may_wait(door, program):
    before = door.stored()
    for changes, error in (
        ({"rival_high": 1.5}, Refused),  # both could be right
        ({"rival_low": 3.0, "rival_high": 2.5}, Refused),
        ({"positive": 0.9}, WrongUse),
        ({"low": 3.0}, WrongUse),
        ({"finding": 99}, NotFound),
        ({"configs": "[]"}, WrongUse),
        ({"configs": "[{"}, WrongUse),
        ({"configs": json.dumps([{"size": 10**9, "shift": 0}])}, Refused),  # outside what the file allows
        ({"between": "[1]"}, WrongUse),
        ({"between": json.dumps(ENDS[:1])}, Refused),  # a contrast has two arms
        ({"between": None, "kind": "slope", "across": "shift"}, Refused),  # one level of it is no slope
        ({"between": json.dumps([{"size": [1]}, ENDS[1]])}, WrongUse),
        ({"between": '[{"size": 1e999}, {"size": 2}]'}, WrongUse),
        ({"between": f'[{{"size": 1{"0" * 400}}}, {{"size": 2}}]'}, WrongUse),
        ({"between": r'[{"size": "\ud800"}, {"size": 2}]'}, WrongUse),
        ({"between": '[{"size": 1, "size": 2}, {"size": 2}]'}, WrongUse),
        ({"configs": '[{"size": 1e999, "shift": 0}]'}, WrongUse),
        ({"configs": [{"size": "\ud800", "shift": 0}]}, WrongUse),
        ({"configs": [{"size": 10**400, "shift": 0}]}, WrongUse),
        ({"between": json.dumps([{"size": 7, "shift": 0}, ENDS[1]])}, Refused),  # it is not computed
        ({"measure": "no_such"}, UnknownName),
        ({"kind": "slope", "across": "no_such"}, UnknownName),
    ):
        with pytest.raises(error):
            door.submit(replace(ASKED, **changes), caller=program)
        door.lab.later(hours=2)
    with pytest.raises(LimitReached):
        door.submit(replace(ASKED, replicates=100_000), caller=program)
    assert door.stored() == before
    door.lab.later(days=1)
    door.submit(ASKED, caller=program)
    with pytest.raises(Refused):
        door.submit(replace(ASKED, motivation="Again."), caller=program)
    for place in range(2):
        door.submit(replace(ASKED, claim=f"size 1 has a larger total, {place}"), caller=program)
    with pytest.raises(LimitReached):
        door.submit(replace(ASKED, claim="yet another"), caller=program)


def test_its_author_alone_takes_a_proposal_back_and_then_nothing_of_it_is_ordered(door, program):
    number = door.submit(ASKED, caller=program)["proposal"]
    with pytest.raises(Refused):
        door.submit(WithdrawProposal(proposal=number, why="mine now", by="eve"), caller=callers.operator_caller())
    door.submit(WithdrawProposal(proposal=number, why="I was wrong", by="program:ada"), caller=program)
    assert asked(door, number).state is ProposalState.WITHDRAWN
    with pytest.raises(Refused):
        door.submit(ApproveProposal(proposal=number, why="go on"), caller=callers.operator_caller())
    again = door.submit(replace(ASKED, motivation="I was right."), caller=program)["proposal"]
    (finding,) = door.submit(ApproveProposal(proposal=again, why="go on"), caller=callers.operator_caller())["findings"]
    answer = door.submit(WithdrawProposal(proposal=again, why="I was wrong", by="program:ada"), caller=program)
    assert answer["retired"] == [finding]
    assert door.look(lambda db: registrations.list_finding_statuses(db, 1)[finding]) == ("retired", "I was wrong")


def test_a_note_stands_beside_its_finding_in_its_author_s_name(door, program):
    note = NoteFinding(finding=1, text="Compare it with a larger size.\nIt may turn.", by="program:ada")
    with pytest.raises(Refused, match="no evidence"):
        door.submit(note, caller=program)
    door.gate.writer.run(lambda db: record(db, 1, weighed(1), [], session_id=None, now=door.lab.now))
    door.submit(note, caller=program)
    (kept_note,) = door.look(lambda db: finding_notes.list_finding_notes(db, 1))
    assert (kept_note.by, kept_note.text.count("\n")) == ("program:ada", 1)
    with pytest.raises(NotFound):
        door.submit(replace(note, finding=99), caller=program)
    for by, speaker in (("program:ada", program), ("Ada", callers.operator_caller())):
        door.submit(replace(note, text="Compare the first half with size 9.", by=by), caller=speaker)
        with pytest.raises(Refused, match="F9"):
            door.submit(replace(note, text="Compare it with {F9}.", by=by), caller=speaker)
    with pytest.raises(WrongUse):
        replace(note, text="\x1b[2J it clears the screen")
