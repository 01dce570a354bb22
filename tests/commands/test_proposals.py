"""Proposals pass the gate: approving registers, refusing keeps them away, and the autopilot stays within its cap."""

from dataclasses import replace

import pytest

from axiom.commands.proposals import AdmitProposal, ApproveProposal, RefuseProposal
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.estimands import Prediction
from axiom.domain.findings import Meaning
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.domain.registrations import Rule, Stopping, read_body
from axiom.errors import NotAllowed, NotFound, Refused
from axiom.store.evidence import links
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
QUESTION = Proposal(
    slug="extremes-1-size-1-9",
    template=Template.EXTREMES,
    admission=Admission.QUESTION,
    experiment="tiny_sum",
    version=1,
    finding=1,
    links=(1,),
    kind="extremes",
    question="What is at the ends?",
    motivation="It was asked in the middle alone.",
    claim=ESTIMAND["claim"],
    rival="Something else takes over.",
    basis="a test",
    configs=({"size": 1, "shift": 0}, {"size": 9, "shift": 0}),
    estimands=(ESTIMAND,),
    stopping=Stopping(replicates=64),
    core_seconds=96.0,
    most_core_seconds=128.0,
    prediction=SAID,
    bits=1.05,
)
DESIGN = replace(
    QUESTION,
    slug="generalise-1-shift-9",
    template=Template.GENERALISE,
    admission=Admission.DESIGN,
    kind="generalise",
    configs=({"size": 1, "shift": 9}, {"size": 2, "shift": 9}),
    estimands=(),
    stopping=Stopping(rule=Rule.FIXED, replicates=32),
    is_informed=True,
)
COHORT = replace(DESIGN, slug="confirm-1", template=Template.CONFIRM, admission=Admission.COHORT, configs=())
RETIRE = replace(
    QUESTION,
    slug="retire-1",
    template=Template.RETIRE,
    admission=Admission.RETIRE,
    configs=(),
    estimands=(),
    stopping=None,
    prediction=None,
    most_core_seconds=0.0,
)
REOPEN = replace(RETIRE, slug="reopen-1", template=Template.REOPEN, admission=Admission.REOPEN)


@pytest.fixture
def proposing(door):
    """Writes proposals down, as a session does."""

    def write(*made):
        return [door.gate.writer.run(lambda db, one=one: proposals.add(db, one, 1, None, door.lab.now)) for one in made]

    return write


def standing(door):
    kept = door.look(proposals.everything)
    return {one.proposal.slug: (one.state.value, one.registration_id) for one in kept}


@pytest.mark.parametrize(("made", "numbers"), [(QUESTION, [2]), (DESIGN, [1]), (COHORT, [1])])
def test_approving_registers_what_is_asked_with_what_is_expected(door, proposing, made, numbers):
    (number,) = proposing(made)
    answer = door.submit(ApproveProposal(proposal=number, why="worth knowing", by="Ada"))
    assert (answer["state"], answer["findings"]) == ("approved", numbers)
    registration = door.look(lambda db: registrations.registration(db, answer["registration"]))
    body = read_body(registration.body)
    assert body.document["proposal"]["slug"] == made.slug
    assert body.stopping == made.stopping
    (said,) = body.document["predictions"]
    assert (said["forecaster"], said["negative"]) == ("autopilot, informed" if made.is_informed else "autopilot", 0.75)
    assert standing(door) == {made.slug: ("approved", answer["registration"])}
    assert door.broken() == {}


def test_what_is_asked_anew_tests_the_finding_from_which_it_follows(door, proposing):
    (number,) = proposing(QUESTION)
    door.submit(ApproveProposal(proposal=number, why="worth knowing"))
    (link,) = door.look(links.everything)
    assert (link.kind, link.source.id, link.target.id, link.by) == ("tests", 2, 1, "autopilot")
    assert link.upheld_by == (Meaning.AS_CLAIMED,)


def test_a_finding_is_retired_and_opened_again(door, proposing):
    first, second = proposing(RETIRE, REOPEN)
    answer = door.submit(ApproveProposal(proposal=first, why="it is over"))
    assert (answer["state"], answer["registration"]) == ("approved", None)
    assert door.look(lambda db: registrations.statuses(db, 1))[1][0] == "retired"
    door.submit(ApproveProposal(proposal=second, why="it is not"))
    assert door.look(lambda db: registrations.statuses(db, 1))[1][0] == "open"
    with pytest.raises(Refused, match="is approved: it is over"):
        door.submit(ApproveProposal(proposal=first, why="again"))


@pytest.mark.parametrize("command", [ApproveProposal, RefuseProposal])
def test_a_dry_run_changes_nothing_and_strangers_may_not(door, proposing, command):
    (number,) = proposing(QUESTION)
    before = door.stored()
    assert door.submit(command(proposal=number, why="a test"), dry_run=True)["dry_run"]
    assert door.stored() == before
    limits = Limits(workunits_per_day=9, aborts_per_day=9)
    weak = Caller(name="Eve", capabilities=frozenset({Capability.DEPLOY}), limits=limits)
    with pytest.raises(NotAllowed):
        door.submit(command(proposal=number, why="a test"), caller=weak)
    with pytest.raises(NotFound, match="no proposal 9"):
        door.submit(command(proposal=9, why="a test"))
    assert door.stored() == before


def test_the_autopilot_approves_its_own_one_after_the_other_until_none_is_left(door, proposing):
    proposing(QUESTION, DESIGN, replace(COHORT, author="Ada"))
    answers = [door.submit(AdmitProposal()) for _ in range(3)]
    assert [answer["proposal"] for answer in answers] == [1, 2, None]
    assert standing(door)["confirm-1"] == ("open", None), "a person's waits for a person"
    assert door.broken() == {}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (replace(QUESTION, configs=({"size": 1, "shift": 0}, {"size": 10, "shift": 0})), "size=10 is outside 1 to 9"),
        (replace(QUESTION, most_core_seconds=1.0), "128 core-seconds, and 1 were expected"),
        (replace(DESIGN, configs=({"size": 2, "shift": 9},)), "lacks the arms"),
        (replace(QUESTION, estimands=({**ESTIMAND, "name": "grows"},)), "it is there already"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_leaves_its_place_to_others(door, proposing, made, why):
    proposing(made, COHORT)
    answer = door.submit(AdmitProposal())
    assert (answer["proposal"], answer["state"]) == (1, "refused")
    assert why in answer["why"]
    assert door.submit(AdmitProposal())["proposal"] == 2
    assert standing(door)[made.slug] == ("refused", None)
    assert door.broken() == {}


def test_a_person_may_approve_what_its_code_makes_too_dear_for_the_autopilot(door, proposing):
    dear, free = proposing(replace(QUESTION, most_core_seconds=1.0), DESIGN)
    answers = [door.submit(AdmitProposal()) for _ in range(2)]
    assert [answer["state"] for answer in answers] == ["refused", "approved"]
    assert "a person may approve it all the same" in answers[0]["why"]
    answer = door.submit(ApproveProposal(proposal=dear, why="worth it", by="Ada"))
    assert standing(door)[QUESTION.slug] == ("approved", answer["registration"])
    with pytest.raises(Refused, match="is approved"):
        door.submit(ApproveProposal(proposal=free, why="again"))


def test_what_a_person_refused_stays_so(door, proposing):
    (number,) = proposing(QUESTION)
    door.submit(RefuseProposal(proposal=number, why="of no interest", by="Ada"))
    with pytest.raises(Refused, match="is refused: of no interest"):
        door.submit(ApproveProposal(proposal=number, why="worth it"))


def test_what_is_dearer_than_the_cap_waits_for_a_person(door, proposing):
    (number,) = proposing(replace(QUESTION, most_core_seconds=24.1 * 3_600))
    assert door.submit(AdmitProposal()) == {"proposal": None}
    assert door.submit(ApproveProposal(proposal=number, why="worth it"))["state"] == "approved"
