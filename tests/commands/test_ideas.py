"""Ideas at the gate: who may write one, who may read it, what may be answered, and whose it is to take back."""

from dataclasses import replace

import pytest

from axiom.commands.accounts import EraseAccount, OpenAccount
from axiom.commands.ideas import (
    MOST_A_DAY,
    AddIdea,
    AnswerIdea,
    HideIdea,
    RetractIdea,
    ShowIdea,
    SuggestIdea,
    WithdrawIdea,
)
from axiom.commands.registry import read_command
from axiom.domain.proposals import IdeaState
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, WrongUse
from axiom.service import callers
from axiom.store.registrations import ideas
from axiom.web.account.visits import caller

WORDS = {"question": "Does the order of the sizes matter?", "why": "Nobody has turned it round."}
MINE = AddIdea(**WORDS, by="operator")
THEIRS = SuggestIdea(**WORDS, volunteer=1)
OPERATOR = callers.operator()


@pytest.fixture
def ann(door, secret):  # noqa: ARG001  the keys are made from it
    """Volunteer 1, as a caller; volunteer 2 has an account, too."""
    for name in ("Ann", "Bob"):
        opened = OpenAccount(called=name, email=f"{name}@mail.example", password="a kettle in may")  # noqa: S106
        door.submit(opened, caller=caller(None))
    return caller(1)


def stored(door, number: int):
    return door.look(lambda db: ideas.one(db, number))


def public(door) -> list[int]:
    return door.look(lambda db: ideas.numbers(db, public=True))


@pytest.mark.parametrize("right", ["read", "propose"])
def test_a_program_writes_in_its_own_name_if_it_may_propose(door, right):
    program = door.let_in(right)
    command = read_command("idea.add", WORDS, program)
    if right == "read":
        with pytest.raises(NotAllowed):
            door.submit(command, caller=program)
        assert stored(door, 1) is None
        return
    number = door.submit(command, caller=program)["idea"]
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


def test_a_volunteer_writes_so_many_a_day_and_what_everybody_read_outlives_the_account(door, ann):
    shown = door.submit(THEIRS, caller=ann)["idea"]
    with pytest.raises(Refused):  # no question twice
        door.submit(THEIRS, caller=ann)
    hidden = [
        door.submit(replace(THEIRS, question=f"{WORDS['question']} {place}"), caller=ann)["idea"]
        for place in range(2, MOST_A_DAY)
    ]
    more = replace(THEIRS, question="And this one?")
    with pytest.raises(LimitReached):
        door.submit(more, caller=ann)
    door.lab.later(hours=25)
    assert door.submit(more, caller=ann)["idea"] == MOST_A_DAY
    door.submit(ShowIdea(idea=shown), caller=OPERATOR)
    door.submit(EraseAccount(volunteer=1), caller=OPERATOR)
    assert (public(door), stored(door, hidden[0])) == ([shown], None)


def test_an_answer_says_enough_and_what_was_taken_up_may_be_known_one_day(door):
    number = door.submit(MINE, caller=OPERATOR)["idea"]
    for words, error in (
        ({"state": "taken"}, WrongUse),
        ({"state": "taken", "experiment": "tiny_sum", "finding": 1}, WrongUse),
        ({"state": "taken", "proposal": 9}, NotFound),
        ({"state": "taken", "experiment": "tiny_sun"}, WrongUse),
        ({"state": "known"}, WrongUse),
        ({"state": "known", "finding": 9}, NotFound),
        ({"state": "declined"}, WrongUse),
        ({"state": "declined", "why": "no", "finding": 1}, WrongUse),
        ({"state": "open"}, WrongUse),
    ):
        with pytest.raises(error):
            door.submit(AnswerIdea(idea=number, **words), caller=OPERATOR)
    assert stored(door, number).state is IdeaState.OPEN
    door.submit(AnswerIdea(idea=number, state="taken", experiment="tiny_sum"), caller=OPERATOR)
    assert stored(door, number).answer.experiment == "tiny_sum@1"
    door.submit(AnswerIdea(idea=number, state="known", finding=1), caller=OPERATOR)
    idea = stored(door, number)
    assert (idea.state, idea.answer.finding, idea.answer.experiment) == (IdeaState.KNOWN, 1, None)


def test_only_its_author_takes_an_idea_back_and_only_while_it_is_open(door, ann):
    mine, theirs = (door.submit(one, caller=by)["idea"] for one, by in ((MINE, OPERATOR), (THEIRS, ann)))
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
