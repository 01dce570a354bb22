"""Proposals pass the gate: approving registers, refusing keeps them away, and the autopilot stays within its cap."""

from dataclasses import replace

import pytest
from furnished_lab import proposed

from axiom.domain.callers import Caller, Capability
from axiom.domain.estimands import Prediction
from axiom.domain.evidence import Meaning
from axiom.domain.proposals import Admission, Template
from axiom.domain.registrations import Rule, StoppingRule, read_registration_body
from axiom.errors import NotAllowed, NotFound, Refused
from axiom.laboratory.proposals.commands.proposals import AdmitProposal, ApproveProposal, RefuseProposal
from axiom.store.findings import links
from axiom.store.registrations import proposals, registrations

SAID = Prediction(positive=0.1, negative=0.75, absent=0.15, interval=(-9.0, -5.0), because="a test")
ESTIMAND = {
    "name": "extremes_1_size_1_9",
    "claim": "a larger size has a larger total from end to end",
    "kind": "contrast",
    "measure": "total",
    "smallest": 0.1,
    "across": "",
    "between": [{"size": 1, "shift": 0}, {"size": 9, "shift": 0}],
    "bounds": None,
    "null": 0.0,
    "expects": "-",
    "prediction": {"positive": 0.1, "negative": 0.75, "absent": 0.15, "interval": [-9.0, -5.0], "because": "a test"},
}
QUESTION = replace(
    proposed(),
    question="What is at the ends?",
    claim=ESTIMAND["claim"],
    configs=({"size": 1, "shift": 0}, {"size": 9, "shift": 0}),
    estimands=(ESTIMAND,),
    prediction=SAID,
)
DESIGN = replace(
    QUESTION,
    slug="generalise-1-shift-9",
    template=Template.GENERALISE,
    admission=Admission.DESIGN,
    kind="generalise",
    configs=({"size": 1, "shift": 9}, {"size": 2, "shift": 9}),
    estimands=(),
    stopping=StoppingRule(rule=Rule.FIXED, replicates=32),
    is_informed=True,
)
COHORT = replace(DESIGN, slug="confirm-1", template=Template.CONFIRM, admission=Admission.COHORT, configs=())
NOTHING = {
    "configs": (),
    "estimands": (),
    "stopping": None,
    "prediction": None,
    "core_seconds": 0.0,
    "most_core_seconds": 0.0,
}
RETIRE = replace(QUESTION, slug="retire-1", template=Template.RETIRE, admission=Admission.RETIRE, **NOTHING)
REOPEN = replace(RETIRE, slug="reopen-1", template=Template.REOPEN, admission=Admission.REOPEN)


@pytest.fixture
def proposing(door):
    """Writes proposals down, as a session does."""

    def write(*asked):
        return [
            door.gate.writer.run(lambda db, ask=ask: proposals.add_proposal(db, ask, 1, None, door.lab.now))
            for ask in asked
        ]

    return write


def standing(door):
    everything = door.look(proposals.list_all_proposals)
    return {stored.proposal.slug: (stored.state.value, stored.registration_id) for stored in everything}


@pytest.mark.parametrize(("made", "numbers"), [(QUESTION, [2]), (DESIGN, [1]), (COHORT, [1])])
def test_approving_registers_what_is_asked_with_what_is_expected(door, proposing, made, numbers):
    (number,) = proposing(made)
    answer = door.submit(ApproveProposal(proposal=number, why="worth knowing", by="Ada"))
    assert (answer["state"], answer["findings"]) == ("approved", numbers)
    registration = door.look(lambda db: registrations.find_registration(db, answer["registration"]))
    body = read_registration_body(registration.body)
    assert (body.document["proposal"]["slug"], body.stopping) == (made.slug, made.stopping)
    (prediction,) = body.document["predictions"]
    assert prediction["forecaster"] == "autopilot, informed"
    assert prediction["negative"] == 0.75
    assert standing(door) == {made.slug: ("approved", answer["registration"])}
    if made is QUESTION:  # it tests the finding from which it follows
        (link,) = door.look(links.list_links)
        assert link.kind == "tests"
        assert link.source.id == 2
        assert link.target.id == 1
        assert link.by == "autopilot"
        assert link.upheld_by == (Meaning.AS_CLAIMED,)
    assert door.broken() == {}


def test_a_finding_is_retired_and_opened_again_and_strangers_answer_no_proposal(door, proposing):
    first, second = proposing(RETIRE, REOPEN)
    before = door.stored()
    weak = Caller(name="Eve", capabilities=frozenset({Capability.DEPLOY}), limits=door.caller.limits)
    for command in (ApproveProposal, RefuseProposal):
        with pytest.raises(NotAllowed):
            door.submit(command(proposal=first, why="a test"), caller=weak)
        with pytest.raises(NotFound):
            door.submit(command(proposal=9, why="a test"))
    assert door.stored() == before
    answer = door.submit(ApproveProposal(proposal=first, why="it is over"))
    assert (answer["state"], answer["registration"]) == ("approved", None)
    assert door.look(lambda db: registrations.list_finding_statuses(db, 1))[1][0] == "retired"
    door.submit(ApproveProposal(proposal=second, why="it is not"))
    assert door.look(lambda db: registrations.list_finding_statuses(db, 1))[1][0] == "open"
    with pytest.raises(Refused):
        door.submit(ApproveProposal(proposal=first, why="again"))


def test_the_autopilot_approves_its_own_one_after_the_other_until_none_is_left(door, proposing):
    proposing(QUESTION, DESIGN, replace(COHORT, author="Ada"))
    answers = [door.submit(AdmitProposal()) for _ in range(3)]
    assert [answer["proposal"] for answer in answers] == [1, 2, None]
    assert standing(door)["confirm-1"] == ("open", None), "a person's waits for a person"
    assert door.broken() == {}


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        (replace(QUESTION, configs=({"size": 1, "shift": 0}, {"size": 10, "shift": 0})), "size=10"),
        (replace(QUESTION, core_seconds=1.0), "64 core-seconds"),
        (replace(DESIGN, configs=({"size": 2, "shift": 9},)), "lacks the arms"),
        (replace(QUESTION, estimands=({**ESTIMAND, "name": "grows"},)), "it is there already"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_leaves_its_place_to_others(door, proposing, made, fact):
    proposing(made, COHORT)
    answer = door.submit(AdmitProposal())
    assert (answer["proposal"], answer["state"]) == (1, "refused")
    assert fact in answer["why"]
    assert door.submit(AdmitProposal())["proposal"] == 2
    assert standing(door)[made.slug] == ("refused", None)
    assert door.broken() == {}


def test_a_person_may_approve_what_is_too_dear_and_what_a_person_refused_stays_so(door, proposing):
    dear, free, dearer, dull = proposing(
        replace(QUESTION, core_seconds=1.0),
        DESIGN,
        replace(COHORT, core_seconds=24.1 * 3_600),  # more than the autopilot may approve in a day
        replace(RETIRE, author="Ada"),
    )
    answers = [door.submit(AdmitProposal()) for _ in range(3)]
    assert [answer.get("state") for answer in answers] == ["refused", "approved", None]
    answer = door.submit(ApproveProposal(proposal=dear, why="worth it", by="Ada"))
    assert standing(door)[QUESTION.slug] == ("approved", answer["registration"])
    assert door.submit(ApproveProposal(proposal=dearer, why="worth it"))["state"] == "approved"
    door.submit(RefuseProposal(proposal=dull, why="of no interest", by="Ada"))
    for number in (free, dull):
        with pytest.raises(Refused):
            door.submit(ApproveProposal(proposal=number, why="again"))
