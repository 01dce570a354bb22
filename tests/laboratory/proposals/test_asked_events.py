"""A proposal asks for an event in the words of a file: a share by a time, a hazard after one, or two arms of either."""

import pytest
from furnished_lab import QUESTION

from axiom.domain.estimands import Event
from axiom.errors import Refused, UnknownName, WrongUse
from axiom.laboratory.proposals.commands.proposals import ApproveProposal, MakeProposal
from axiom.service import standard_callers as callers
from axiom.store.registrations import proposals

SIZES = [{"size": 1, "shift": 0}, {"size": 2, "shift": 0}]
WORDS = (
    QUESTION
    | {
        "finding": 1,
        "configs": SIZES,
        "kind": "proportion",
        "measure": "count",  # that may be null
        "between": SIZES[1:],
        "event": {"by": 1, "budget": "size"},
        "claim": "a count is over at once more often than not",
        "low": 0.6,
        "high": 0.9,
        "rival_low": 0.1,
        "rival_high": 0.5,
    }
)
ARMS = {"kind": "contrast", "null": 0.0, "between": SIZES}


@pytest.fixture
def program(door):
    return door.let_in("propose")


def asked(door, program, **changes):
    made = door.submit(MakeProposal(**WORDS | changes, by="program:ada"), caller=program)
    (estimand,) = door.look(lambda db: proposals.find_proposal(db, made["proposal"])).proposal.estimands
    return made, estimand


@pytest.mark.parametrize(
    ("changes", "event", "centre"),
    [
        ({}, {"by": 1.0, "budget": "size", "after": 0.0}, None),
        ({"event": {"by": 2, "budget": "size", "after": 1}}, {"by": 2.0, "budget": "size", "after": 1.0}, None),
        ({"event": Event(by=1.0, budget="size"), **ARMS}, {"by": 1.0, "budget": "size", "after": 0.0}, "mean"),
    ],
)
def test_an_event_is_asked_and_registered_as_a_file_would_declare_it(door, program, changes, event, centre):
    made, estimand = asked(door, program, **changes)
    assert (estimand["event"], estimand.get("about")) == (event, centre)
    assert estimand["bounds"] == ([-1.0, 1.0] if centre else None)
    assert not {"event", "about"} & set(made["inherited"])
    approved = door.submit(ApproveProposal(proposal=made["proposal"], why="go on"), caller=callers.operator_caller())
    inherits = {"finding": approved["findings"][0]}
    _, later = asked(door, program, **changes | inherits | {"event": {"by": 0.5, "budget": "size"}})
    assert (later["event"]["by"], later.get("about")) == (0.5, centre)  # another time is another question
    _, other = asked(door, program, **inherits, event=None, measure="total", kind="level", null=1.0)
    assert not {"event", "about"} & other.keys()  # another measure has another end


@pytest.mark.parametrize(
    ("changes", "error", "allowed"),
    [
        ({"event": {"by": 1, "budget": "sise"}}, UnknownName, "size"),
        ({"event": {"by": 1, "budget": "size", "until": 2}}, UnknownName, "after, budget, by"),
        ({"event": {"by": 1}}, WrongUse, "event: budget must be given"),
        ({"event": {"by": 1, "after": 1, "budget": "size"}}, WrongUse, "say a later time than the first"),
        ({"event": "by 1"}, WrongUse, "event must be an object"),
        ({"kind": "level"}, Refused, "of kind proportion, or of kind contrast"),
        ({"event": {"by": 9, "budget": "size"}}, Refused, "size=2"),  # the run ends before
        ({"null": 50.0, "low": 60.0, "high": 90.0}, Refused, "between 0 and 1"),
    ],
)
def test_what_could_not_be_asked_of_an_event_is_refused_with_what_could(door, program, changes, error, allowed):
    with pytest.raises(error) as refused:
        asked(door, program, **changes)
    assert allowed in str(refused.value)
