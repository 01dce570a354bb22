"""Left alone, a laboratory whose first question is settled asks what follows from it, computes it and scores itself."""

import pytest
from planted_effects import noise, output
from started_writer import started_writer

from axiom.autopilot.autopilot import hold_session
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.proposals import AUTOPILOT, ProposalState, Template
from axiom.domain.registrations import DECLARED, read_registration_body
from axiom.errors import Refused
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.laboratory.planning.preview import preview_plan
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.proposals.commands.proposals import AdmitProposal, ApproveProposal, RefuseProposal
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.settings import Settings
from axiom.store.engine.database import connect_writer
from axiom.store.experiments import experiments
from axiom.store.findings import evidence, links
from axiom.store.registrations import proposals, registrations, scores
from axiom.store.rounds import rounds


class Alone:
    """A laboratory with one host, an autopilot, and nobody else."""

    def __init__(self, lab, **settings) -> None:
        self.lab = lab
        self.laboratory = Laboratory(
            folder=lab.folder, keys=lab.keys, settings=Settings(**settings), package=lab.folder.path
        )
        limits = Limits(workunits_per_day=10_000, aborts_per_day=100)
        self.caller = Caller(name="operator", capabilities=frozenset(Capability), limits=limits)

    def submit(self, command):
        """Through the gate; the writer's connection is the only one meanwhile."""
        try:
            with started_writer(self.lab) as writer:
                gate = open_gate(writer, self.laboratory, lambda: self.lab.now)
                return gate.submit(command, self.caller)
        finally:
            self.lab.db = connect_writer(self.lab.folder.database)

    def session(self) -> str:
        """One session, and then everything that it ordered."""
        name = hold_session(self, "a test")
        self.lab.later(seconds=1)
        self.compute()
        return name

    def compute(self) -> None:
        while orders := self.lab.ask(1, wanted=64):
            for order in orders:
                self.lab.report(order, output(self.lab, order, self.measure(order)))
            self.lab.validate()
            self.lab.later(seconds=1)

    def measure(self, order):
        """The total grows with the size, and the shift takes half of it away."""
        placed = registrations.read_placed_configs(self.lab.db, 1)

        def total(cell) -> float:
            config = placed[cell.config]
            grown = config["size"] * (0.5 if config["shift"] else 1.0)
            return grown + 0.4 * noise(order.task, cell.replicate, cell.config)

        return total

    def proposals(self) -> dict[str, object]:
        return {stored.proposal.slug: stored for stored in proposals.list_all_proposals(self.lab.db)}


@pytest.fixture
def alone(small_lab, prepared):
    small_lab.publish(prepared(has_shift=True))
    assert small_lab.host() == 1
    return lambda **settings: Alone(small_lab, **settings)


def states(lab) -> dict[str, ProposalState]:
    return {slug: stored.state for slug, stored in lab.proposals().items()}


def test_what_follows_is_registered_ordered_computed_and_scored(alone):
    lab = alone()
    wanted, answers, db = {Template.GENERALISE, Template.EXTREMES, Template.DOSE, Template.WIDEN}, [], None
    for _ in range(20):
        name, db = lab.session(), lab.lab.db
        answers += [
            note.sentence
            for _, note in rounds.list_round_notes(db, rounds.find_round_by_name(db, name).id)
            if "design" in note.kind
        ]
        approved = [stored for stored in lab.proposals().values() if stored.state is ProposalState.APPROVED]
        if wanted <= {stored.proposal.template for stored in approved}:
            break
    assert wanted <= {stored.proposal.template for stored in approved}
    assert any("(generalise): Does finding 1 hold with shift 4" in sentence for sentence in answers)
    assert {stored.decided_by for stored in approved} == {AUTOPILOT}
    bodies = {stored.id: read_registration_body(stored.body) for stored in registrations.read_registrations(db, 1)}
    assert bodies[1].design.name == DECLARED
    issued = experiments.count_issued_replicates(db, 1)
    for stored in approved:
        body = bodies[stored.registration_id]
        assert body.document["proposal"]["slug"] == stored.proposal.slug
        assert issued[stored.registration_id] > 0, "registered and ordered"
    asked = next(stored for stored in approved if stored.proposal.template is Template.EXTREMES)
    (number,) = registrations.list_claim_numbers(
        db, registrations.find_registration(db, asked.registration_id)
    ).values()
    line = evidence.list_newest_evidence(db)[number]
    assert (line.verdict, round(line.estimate)) == ("effect −", -8)
    scored = {row["registration_id"]: row for row in scores.list_scores(db) if row["verdict"]}
    assert scored[asked.registration_id]["forecaster"] == f"{AUTOPILOT}, informed"  # its kin had run
    assert scored[asked.registration_id]["brier"] == pytest.approx(0.095)
    assert [link.target.id for link in links.list_links(db) if link.source.id == number] == [1]
    assert lab.lab.broken() == {}


def test_with_no_core_hours_it_approves_nothing_and_what_a_person_says_stands(alone):
    lab = alone(followup_core_hours=0.0)
    while not lab.proposals():
        lab.session()
    assert set(states(lab).values()) == {ProposalState.OPEN}
    above = preview_plan(lab.lab.db, policy_from_settings(lab.laboratory.settings), lab.lab.now).above
    assert above.proposals == len(lab.proposals())
    assert above.proposed_core_seconds == sum(stored.proposal.core_seconds for stored in lab.proposals().values())
    assert lab.submit(AdmitProposal()) == {"proposal": None}
    refused = next(stored for stored in lab.proposals().values() if stored.proposal.template is Template.EXTREMES)
    lab.submit(RefuseProposal(proposal=refused.number, why="of no interest", by="Ada"))
    before = states(lab)
    lab.session()
    lab.session()
    assert states(lab) == before
    with pytest.raises(Refused):
        lab.submit(ApproveProposal(proposal=refused.number, why="after all"))
    wider = lab.proposals()["generalise-1-shift-4"].number
    answer = lab.submit(ApproveProposal(proposal=wider, why="worth knowing", by="Ada"))
    assert (answer["state"], answer["findings"]) == ("approved", [1])
    assert lab.proposals()["generalise-1-shift-4"].decided_by == "Ada"
    assert lab.lab.broken() == {}


def test_the_cap_holds_at_any_moment(alone):
    lab = alone(followup_core_hours=150.0 / 3_600.0)
    for _ in range(6):
        lab.session()
        assert open_cost(lab.lab.db).likely <= 150.0
    assert ProposalState.APPROVED in states(lab).values()
