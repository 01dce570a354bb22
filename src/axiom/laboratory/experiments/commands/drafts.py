"""Commands about drafts: write one, have it tried, bring what came of that, propose it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.preflights import StoredDraft
from axiom.domain.proposals import StoredProposal
from axiom.errors import Refused, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import FINITE, FORECASTER, NUMBER, WHY
from axiom.laboratory.experiments import drafts, preflight_report
from axiom.laboratory.experiments.catalogue_files import list_shipped
from axiom.laboratory.experiments.preflight import preflight_secret
from axiom.laboratory.experiments.rules.drafts import describe_draft_failure, describe_tries_left
from axiom.laboratory.ideas.untested_explanations import mark_idea_taken
from axiom.laboratory.proposals.propose_draft import InventedQuestion, propose_draft
from axiom.laboratory.registrations import kin
from axiom.limits import experiments as limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.signed import bundles
from axiom.signed.manifests import MOST_BYTES
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.drafts import list_draft_tries

_NAME = {"min_length": 3, "max_length": 64, "pattern": r"^[a-z][a-z0-9_]*$"}


@dataclass(frozen=True, kw_only=True)
class WriteDraft(Command, name="draft.write", capability=Capability.PROPOSE):
    """Keep an experiment's file as a draft. It is read (G0, G1) and not run; what it predicts is sealed with it."""

    experiment: str = field(metadata=_NAME)
    text: str = field(metadata={"min_length": 1, "max_length": limits.DRAFT_CHARACTERS})
    by: str = field(default="operator", metadata=FORECASTER)

    def audited(self) -> dict[str, Any]:
        """Of the text its digest, which the chain of the audit seals: the draft keeps every byte of it."""
        return {**super().audited(), "text": self._digest}

    def prepare(self, laboratory: Laboratory) -> None:
        """Take texts apart, by which its kin is found."""
        kin.read_texts_ahead(laboratory.folder, self.text.encode())

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if (
            self.experiment in list_shipped(laboratory)
            and experiments.find_experiment_by_name(db, self.experiment) is None
        ):
            raise Refused(
                f"{self.experiment} is an experiment that Axiom brings along and that is not published here yet, so "
                "there is nothing to mend. Nothing was written; give yours another name."
            )
        draft = drafts.write_draft(
            db, laboratory.folder, self.experiment, self.text, self._digest, author=self.by, now=now
        )
        return _answer(db, draft, now)

    @property
    def _digest(self) -> str:
        return bundles.digest_bundle(self.text.encode())


@dataclass(frozen=True, kw_only=True)
class TryDraft(Command, name="draft.preflight", capability=Capability.PROPOSE):
    """Have a draft put to all gates. The report tells no measure."""

    draft: int = field(metadata=NUMBER)
    by: str = field(default="operator", metadata=FORECASTER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """It waits until there is time."""
        draft = drafts.request_draft_preflight(db, laboratory.folder, self.draft, author=self.by, now=now)
        return {**_answer(db, draft, now), "job": f"draft-{draft.number}"}


@dataclass(frozen=True, kw_only=True)
class SmokeDraft(Command, name="draft.smoke", capability=Capability.PROPOSE):
    """Be told why a draft failed: the gate, the place and the kind of fault, never a measure. It is kept who asked."""

    draft: int = field(metadata=NUMBER)
    by: str = field(default="operator", metadata=FORECASTER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Before it nobody but the operator is told more than that it failed."""
        draft = drafts.disclose_draft_failure(db, self.draft, self.by, now)
        return {"draft": draft.number, **describe_draft_failure(draft)}


@dataclass(frozen=True, kw_only=True)
class DropDraft(Command, name="draft.drop", capability=Capability.PROPOSE):
    """Drop a draft: it is tried and proposed no more."""

    draft: int = field(metadata=NUMBER)
    by: str = field(default="operator", metadata=FORECASTER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        return _answer(db, drafts.abandon_draft(db, self.draft, by=self.by, now=now), now)


@dataclass(frozen=True, kw_only=True)
class ReportDraft(Command, name="draft.report", capability=Capability.RUN):
    """Remember what came of trying a draft. Who asks has computed it; what it means is decided here."""

    draft: int = field(metadata=NUMBER)
    report: str = field(metadata={"min_length": 2, "max_length": preflight_report.LIMIT})
    declaration: str = field(default="", metadata={"max_length": MOST_BYTES})

    def audited(self) -> dict[str, Any]:
        """Of the report its digest: the report itself is stored."""
        return {"draft": self.draft, "report": bundles.digest_bundle(self.report.encode())}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        secret = preflight_secret(laboratory.keys.ticket)
        draft = drafts.store_judged_draft(db, self.draft, self.report, self.declaration, secret, now)
        return {**_answer(db, draft, now), "reason": draft.reason}


@dataclass(frozen=True, kw_only=True)
class ProposeDraft(Command, name="draft.propose", capability=Capability.PROPOSE):
    """Propose a draft that passed all gates: a person approves it, then it is published with what it predicts.

    The rival says that the claim of an estimand is false; its interval must not hold the predicted median. A mended
    text of a published name needs neither it nor what each outcome changes: motivation says what was wrong.
    """

    draft: int = field(metadata=NUMBER)
    estimand: str = field(metadata={"min_length": 1, "max_length": 80})
    motivation: str = field(metadata=WHY)
    rival: str | None = field(default=None, metadata=WHY)
    rival_low: float | None = field(default=None, metadata=FINITE)
    rival_high: float | None = field(default=None, metadata=FINITE)
    if_positive: str | None = field(default=None, metadata=WHY)
    if_absent: str | None = field(default=None, metadata=WHY)
    if_negative: str | None = field(default=None, metadata=WHY)
    follows: int | None = field(default=None, metadata=NUMBER)  # a finding
    idea: int | None = field(default=None, metadata=NUMBER)  # that it takes up
    by: str = field(default="operator", metadata=FORECASTER)

    def request(self, db: Database) -> CommandCost:
        """It is one more that waits for an answer."""
        return CommandCost(command=self.name, capability=self.capability, proposals=1)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        rival, outcomes = self._question(db)
        question = InventedQuestion(
            draft=self.draft,
            estimand=self.estimand,
            motivation=self.motivation,
            rival=self.rival or "",
            rival_interval=rival,
            outcomes=outcomes,
            follows=self.follows,
            author=self.by,
        )
        made = propose_draft(db, laboratory.folder, question, now)
        if self.idea is not None:
            mark_idea_taken(db, self.idea, proposal=made.number, by=self.by, now=now)
        return answer_with_proposal(made, kin.read_draft_forecast(db, drafts.require_draft(db, self.draft), now))

    def _question(self, db: Database) -> tuple[tuple[float, float] | None, tuple[str, str, str]]:
        """Where the number lies if the rival is right, and what each outcome changes; nothing of a mended text."""
        rival = None if self.rival_low is None or self.rival_high is None else (self.rival_low, self.rival_high)
        outcomes = (self.if_positive or "", self.if_absent or "", self.if_negative or "")
        is_whole = self.rival and rival is not None and all(outcomes)
        if not is_whole and experiments.find_experiment_by_name(db, drafts.require_draft(db, self.draft).name) is None:
            raise WrongUse(
                "A new question needs rival, rival_low, rival_high, if_positive, if_absent and if_negative. Nothing "
                "was proposed; only a mended text of a published experiment does without."
            )
        return rival, outcomes


def _answer(db: Database, draft: StoredDraft, now: datetime) -> Answer:
    return {
        "draft": draft.number,
        "experiment": draft.name,
        "digest": draft.digest,
        "state": draft.state.value,
        "refusals": [asdict(refusal) for refusal in draft.refusals],
        **describe_tries_left(list_draft_tries(db, draft)),
        "forecast": kin.read_draft_forecast(db, draft, now),
        "kin": [f"{run.title}: {run.reason}" for run in kin.list_draft_kin_runs(db, draft, now)],
        "where": f"/drafts/{draft.number}",
    }


def answer_with_proposal(made: StoredProposal, forecast: str) -> Answer:
    """What whoever made a proposal is told of it, and whether what it predicts is blind."""
    return {
        "proposal": made.number,
        "slug": made.proposal.slug,
        "state": made.state.value,
        **made.proposal.cost.shown,
        "bits": made.proposal.bits,
        "estimands": [dict(estimand) for estimand in made.proposal.estimands],
        "inherited": list(made.proposal.inherited),
        "upheld_by": list(made.proposal.upholding),
        "forecast": forecast,
        "where": f"/proposals/{made.number}",
    }
