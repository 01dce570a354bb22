"""Commands about proposals: make one, take it back, approve or refuse it, have the autopilot approve its own."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.estimands import Event, Kind
from axiom.domain.preflights import StoredDraft
from axiom.domain.proposals import AUTOPILOT, Admission, Proposal, StoredProposal
from axiom.domain.registrations import read_registration_body
from axiom.errors import ExperimentError, NotFound, Refused, StoreError, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import CONFIGS, EXPECTS, FINITE, FORECASTER, NUMBER, SENTENCE, SIGN, SIGNS, WHY
from axiom.laboratory.experiments import published_files
from axiom.laboratory.experiments.commands.drafts import answer_with_proposal
from axiom.laboratory.experiments.drafts import require_draft
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.laboratory.experiments.rules.kin import forecast_in_words
from axiom.laboratory.planning.design_cost import cost_of_cells
from axiom.laboratory.planning.ticket_room import demand_ticket_room
from axiom.laboratory.proposals.approve_or_refuse import (
    approve_proposal,
    digest_proposal,
    refuse_proposal,
    require_approvable_proposal,
)
from axiom.laboratory.proposals.ask_published import AskedQuestion, propose_question
from axiom.laboratory.proposals.automatic_approval import choose_next_proposal
from axiom.laboratory.proposals.price import Points
from axiom.laboratory.proposals.propose_draft import find_proposed_draft, publish_code
from axiom.laboratory.proposals.withdraw import withdraw_proposal
from axiom.laboratory.registrations.commands import PredictionCommand, price_published_configs
from axiom.laboratory.registrations.kin import why_experiment_informed
from axiom.limits import proposals as proposal_limits
from axiom.limits import registrations as registration_limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.runner.direct import describe_boxed
from axiom.signed.canonical_json import Scalar
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.registrations import proposals, registrations

_ASKS_CODE = (Admission.DESIGN, Admission.QUESTION)
_BETWEEN = {"min_length": 1, "max_length": 2, "description": "what is compared, each by the levels that matter"}
_OMITTED = {"description": '[{"width": 8}, {"width": 4}]; a factor left out is as in all the finding\'s design'}
_EVENT = {"description": "kind proportion or contrast: is the wait over by then; after: of those that waited on"}
_WHY = WHY | {"help": "Why; it stays with the proposal."}
_OURS = "by rule: it passed all gates, and as scientist_code is own it runs on the laboratory's own computers"


@dataclass(frozen=True, kw_only=True)
class MakeProposal(PredictionCommand, name="proposal.make", capability=Capability.PROPOSE):
    """Ask something new of published code: claim, rival, what each outcome would change, what is expected.

    Of the estimand of its finding, only what is said here differs.
    """

    finding: int = field(metadata=NUMBER)
    question: str = field(metadata=SENTENCE)
    motivation: str = field(metadata=WHY)
    claim: str = field(metadata=SENTENCE)
    rival: str = field(metadata=WHY)
    rival_low: float = field(metadata=FINITE)
    rival_high: float = field(metadata=FINITE)
    configs: list[dict[str, Scalar]] = field(metadata=CONFIGS | _OMITTED)
    if_positive: str = field(metadata=WHY)
    if_absent: str = field(metadata=WHY)
    if_negative: str = field(metadata=WHY)
    expects: str = field(metadata=EXPECTS)
    by: str = field(metadata=FORECASTER)
    replicates: int = field(default=registration_limits.REPLICATES, metadata={"ge": 8, "le": 100_000})
    kind: str | None = field(default=None, metadata={"pattern": f"^({'|'.join(Kind)})$"})
    measure: str | None = field(default=None, metadata={"min_length": 1, "max_length": 80})
    across: str | None = field(default=None, metadata={"max_length": 80})
    between: list[dict[str, Scalar]] | None = field(default=None, metadata=_BETWEEN)
    null: float | None = field(default=None, metadata=FINITE)
    smallest: float | None = field(default=None, metadata={"ge": 0.0, "le": 1e300})
    event: Event | None = field(default=None, metadata=_EVENT)
    # What the new number must come to for the finding to hold, one or several between commas: +, - or absent.
    upheld_by: str | None = field(default=None, metadata={"pattern": f"^(({SIGN})(,(?!$)|$))+$"})

    def prepare(self, laboratory: Laboratory) -> Points:
        """Ask the published code what each config costs, which takes a second or two."""
        with Connections(folder=laboratory.folder).reader() as reader:
            begun = registrations.find_finding_registration(reader, self.finding)
            version = experiments.find_experiment(reader, begun[0].experiment_id) if begun else None
        if begun is None or version is None:
            raise NotFound(f"There is no finding {self.finding}. Nothing was proposed; `axiom finding list` shows all.")
        alike = _alike(read_registration_body(begun[0].body).design.configs)
        configs = [alike | config for config in self.configs]
        return price_published_configs(laboratory, version.whole_name, configs)

    def request(self, db: Database) -> CommandCost:
        """It is one more that waits for an answer."""
        return CommandCost(command=self.name, capability=self.capability, proposals=1)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down, if it could be registered."""
        names = ("kind", "measure", "across", "between", "null", "smallest", "expects")
        estimand = {word: value for word in names if (value := getattr(self, word)) is not None}
        estimand |= {"event": asdict(self.event)} if self.event else {}
        question = AskedQuestion(
            finding=self.finding,
            question=self.question,
            motivation=self.motivation,
            claim=self.claim,
            rival=self.rival,
            rival_interval=(self.rival_low, self.rival_high),
            estimand=estimand,
            replicates=self.replicates,
            prediction=self.expected,
            outcomes=(self.if_positive, self.if_absent, self.if_negative),
            author=self.by,
            upheld_by=tuple(SIGNS[sign] for sign in self.upheld_by.split(",")) if self.upheld_by else (),
        )
        made = propose_question(db, question, prepared, now)
        version = experiments.find_experiment_by_name(db, made.proposal.experiment, made.proposal.version)
        seen = why_experiment_informed(db, version.id, now) if version else None
        return answer_with_proposal(made, forecast_in_words(seen, "approved"))


@dataclass(frozen=True, kw_only=True)
class WithdrawProposal(Command, name="proposal.withdraw", capability=Capability.PROPOSE):
    """Take an own proposal back: no more is ordered of it. Once it has data, a program asks a person to."""

    proposal: int = field(metadata=NUMBER)
    why: str = field(metadata=_WHY)
    by: str = field(metadata=FORECASTER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        taken = withdraw_proposal(db, self.proposal, by=self.by, why=self.why, now=now)
        state = "approved" if taken.requests else "withdrawn"
        return {
            "proposal": self.proposal,
            "state": state,
            "retired": list(taken.retired),
            "asked": list(taken.requests),
        }


@dataclass(frozen=True, kw_only=True)
class ApproveProposal(Command, name="proposal.approve", capability=Capability.APPROVE):
    """Approve a proposal: what it asks is registered, with what is expected of it, before anything is ordered.

    Also one that the autopilot refused, since it could not be asked then or needs more than its cap was counted with.
    """

    proposal: int = field(metadata=NUMBER)
    why: str = field(metadata=_WHY)
    by: str = field(default="operator", metadata=FORECASTER)

    def prepare(self, laboratory: Laboratory) -> Points | PackedBundle:
        """Ask the published code what each config costs, where there are any; or pack the code that would be."""
        with Connections(folder=laboratory.folder).reader() as reader:
            proposal = require_approvable_proposal(reader, self.proposal)
            draft = find_proposed_draft(reader, proposal) if proposal.proposal.admission is Admission.CODE else None
        return _points(laboratory, proposal) if draft is None else _pack(laboratory, draft)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        proposal = require_approvable_proposal(db, self.proposal)
        if proposal.proposal.admission is Admission.CODE:
            return _publish(db, laboratory, proposal, prepared, by=self.by, why=self.why, now=now)
        return _approve(db, laboratory, proposal, prepared, by=self.by, why=self.why, now=now)

    def finish(self, laboratory: Laboratory, answer: Answer) -> None:
        """Keep the code that was published among the laboratory's own files."""
        _keep_code(laboratory, answer)


@dataclass(frozen=True, kw_only=True)
class RefuseProposal(Command, name="proposal.refuse", capability=Capability.APPROVE):
    """Refuse a proposal. It comes back only when the evidence from which it follows has changed."""

    proposal: int = field(metadata=NUMBER)
    why: str = field(metadata=_WHY)
    by: str = field(default="operator", metadata=FORECASTER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        proposal = refuse_proposal(db, self.proposal, by=self.by, why=self.why, now=now)
        return {"proposal": proposal.number, "slug": proposal.proposal.slug, "state": "refused"}


@dataclass(frozen=True, kw_only=True)
class AdmitProposal(Command, name="proposal.admit", capability=Capability.RUN):
    """Have the autopilot approve the most telling of its own proposals for which its cap leaves room, if there is one.

    Whoever asks chooses neither the proposal nor the cap: the rule and the setting `followup_core_hours` do. Where the
    setting `scientist_code` is `own`, new code that passed all gates comes first; no volunteer gets it by that.
    """

    def prepare(self, laboratory: Laboratory) -> tuple[int, Points | PackedBundle, str] | None:
        """The proposal that is next, its configs with what they cost or its code, and why it cannot be asked."""
        with Connections(folder=laboratory.folder).reader() as reader:
            proposal = _next(reader, laboratory)
            draft = (
                find_proposed_draft(reader, proposal)
                if proposal and proposal.proposal.admission is Admission.CODE
                else None
            )
        if proposal is None:
            return None
        try:
            ready = _pack(laboratory, draft) if draft else _points(laboratory, proposal)
        except StoreError:
            raise
        except (ExperimentError, NotFound, Refused) as error:
            return proposal.number, (), str(error)
        return proposal.number, ready, ""

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Register it, if it still is the next; refuse it when it cannot be asked, so that others get their turn."""
        proposal = _next(db, laboratory)
        if prepared is None or proposal is None or proposal.number != prepared[0]:
            return {"proposal": None}
        _, ready, fault = prepared
        if not fault:
            most = laboratory.settings.followup_core_hours
            why = (
                f"by rule: of its own proposals the most telling for its cost, within {most:g} core-hours that are open"
            )
            try:
                with db.savepoint():
                    is_code = proposal.proposal.admission is Admission.CODE
                    let_in = _publish if is_code else _approve
                    if not is_code:
                        _demand_as_cheap(db, proposal.proposal, ready)
                    return let_in(db, laboratory, proposal, ready, by=AUTOPILOT, why=_OURS if is_code else why, now=now)
            except StoreError:
                raise
            except (NotFound, Refused, WrongUse) as error:
                fault = str(error)
        refuse_proposal(db, proposal.number, by=AUTOPILOT, why=f"it cannot be asked: {fault.rstrip('.')}", now=now)
        return {"proposal": proposal.number, "slug": proposal.proposal.slug, "state": "refused", "why": fault}

    def finish(self, laboratory: Laboratory, answer: Answer) -> None:
        """Keep the code that was published among the laboratory's own files."""
        _keep_code(laboratory, answer)


def _next(db: Database, laboratory: Laboratory) -> StoredProposal | None:
    settings = laboratory.settings
    return choose_next_proposal(db, settings.followup_core_hours, is_code_ours=settings.scientist_code == "own")


def _alike(configs: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The levels that all these configs share."""
    first, *others = configs
    return {factor: level for factor, level in first.items() if all(config[factor] == level for config in others)}


def _points(laboratory: Laboratory, stored_proposal: StoredProposal) -> Points:
    proposal = stored_proposal.proposal
    if proposal.admission not in _ASKS_CODE:
        return ()
    return price_published_configs(laboratory, f"{proposal.experiment}@{proposal.version}", proposal.configs)


def _demand_as_cheap(db: Database, proposal: Proposal, points: Points) -> None:
    """The cap was counted with what was expected before the code was asked."""
    version = experiments.find_experiment_by_name(db, proposal.experiment, proposal.version)
    if version is None or proposal.stopping is None or not points:
        return
    likely = cost_of_cells(db, version.id, [seconds for _, seconds in points], proposal.stopping).likely
    if likely > proposal_limits.DEARER * proposal.core_seconds:
        raise Refused(
            f"Its code says that it needs {likely:.3g} core-seconds, and {proposal.core_seconds:.3g} were expected. "
            "Nothing was registered; a person may approve it all the same."
        )


def _pack(laboratory: Laboratory, draft: StoredDraft) -> PackedBundle:
    """The bundle of a draft's code, which is run, in the box, to say what it declares."""
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        file = Path(folder) / f"{draft.name}.py"
        file.write_text(draft.text, encoding="utf-8")
        return pack_experiment(laboratory.package, file, describe_boxed)


def _keep_code(laboratory: Laboratory, answer: Answer) -> None:
    """A draft that was published lies among the laboratory's own files, from which its bundle stays renewed."""
    if answer.get("draft") is None:
        return
    with Connections(folder=laboratory.folder).reader() as reader:
        draft = require_draft(reader, answer["draft"])
    published_files.keep_experiment_file(laboratory.folder, draft.name, draft.text.encode())


def _publish(
    db: Database,
    laboratory: Laboratory,
    proposal: StoredProposal,
    prepared: PackedBundle,
    *,
    by: str,
    why: str,
    now: datetime,
) -> Answer:
    made = publish_code(
        db,
        laboratory.folder,
        proposal,
        prepared,
        keys=laboratory.keys,
        good_for=laboratory.bundle_good_for,
        by=by,
        why=why,
        now=now,
        has_address=laboratory.has_address,
    )
    stored = proposals.find_proposal(db, proposal.number)
    registration = (
        registrations.find_registration(db, stored.registration_id) if stored and stored.registration_id else None
    )
    return {
        "proposal": proposal.number,
        "slug": proposal.proposal.slug,
        "state": "approved",
        "draft": proposal.proposal.draft,
        "experiment": f"{prepared.manifest.name}@{prepared.manifest.version}",
        "change": made.change,
        "registration": registration.id if registration else None,
        "findings": sorted(registrations.list_claim_numbers(db, registration).values()) if registration else [],
    }


def _approve(
    db: Database,
    laboratory: Laboratory,
    proposal: StoredProposal,
    points: Points,
    *,
    by: str,
    why: str,
    now: datetime,
) -> Answer:
    made = approve_proposal(db, proposal, points, by=by, why=why, now=now)
    answer: Answer = {
        "proposal": proposal.number,
        "slug": proposal.proposal.slug,
        "state": "approved",
        "digest": digest_proposal(proposal),
        "registration": None,
    }
    if made is None:
        return answer
    version = experiments.find_experiment(db, made.experiment_id)
    if version is not None:
        demand_ticket_room(db, version, made, replicates=1, keys=laboratory.keys, now=now)
    return answer | {
        "registration": made.id,
        "hash": made.hash,
        "findings": sorted(registrations.list_claim_numbers(db, made).values()),
    }
