"""Questions for later: a proposal is complete and orders nothing before it is approved; an idea is one sentence."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from axiom.domain.costs import DesignCost
from axiom.domain.estimands import Direction, Prediction, prediction_data, read_prediction
from axiom.domain.evidence import Meaning, verdicts_of
from axiom.domain.registrations import Rule, StoppingRule
from axiom_weigh.values import Verdict

AUTOPILOT = "autopilot"  # whose proposals follow from findings by rule


class Template(StrEnum):
    CONFIRM = "confirm"  # fresh seeds of the same design
    GENERALISE = "generalise"  # the same claim where it leaves a factor open
    DOSE = "dose"  # finer levels where the measure changed most
    EXTREMES = "extremes"  # the ends of the declared range
    WIDEN = "widen"  # on from the last levels that were tried to the ends of the range
    CROSS = "cross"  # the same with two factors moved at once that its claim leaves open
    INTERVENTION = "intervention"  # what should take the effect away
    DISCRIMINATE = "discriminate"  # where two explanations disagree most
    POWER = "power"  # would the smallest effect that matters have been seen?
    RETIRE = "retire"  # nothing more is to be learned for its cost
    REOPEN = "reopen"  # what it rested on has changed
    ASKED = "asked"  # no rule: a person or a program asks
    INVENTED = "invented"  # no rule, and no code that was there before


class Admission(StrEnum):
    """The effect of approving a proposal."""

    DESIGN = "design"  # registers another design of findings that there are
    QUESTION = "question"  # registers a claim of its own, with a number of its own
    CODE = "code"  # publishes a draft, and registers what it asks
    COHORT = "cohort"  # registers fresh replicates of a finding
    RETIRE = "retire"  # nothing more is ordered of a finding
    REOPEN = "reopen"  # more of it is ordered again


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"  # it no longer follows from the findings
    WITHDRAWN = "withdrawn"  # whoever made it took it back


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A follow-up question, complete: all that a registration needs, the forecast, and what each outcome would change.

    Nothing of it is ordered before it is approved, and so registered.
    """

    slug: str  # what it is, in a word; no two are alike
    template: Template
    admission: Admission
    experiment: str
    version: int
    finding: int | None  # from which it follows
    links: tuple[int, ...]  # all findings that it is about
    kind: str  # whose outcomes are counted together with its own
    question: str
    motivation: str
    claim: str
    rival: str  # who says that the claim is false, and why
    basis: str  # what it follows from; when that changes, one that was refused may be made again
    configs: tuple[Mapping[str, object], ...] = ()
    estimands: tuple[Mapping[str, Any], ...] = ()
    stopping: StoppingRule | None = None
    core_seconds: float = 0.0  # that it likely costs, on reference cores
    most_core_seconds: float = 0.0  # that it may cost
    prediction: Prediction | None = None
    expects: Direction = Direction.MORE  # the sign of the effect when things are as expected
    effect: float | None = None  # that is expected if everything is as before, seen from the null
    is_informed: bool = False  # it joins a finding of which numbers are known: no calibration counts its prediction
    if_positive: str = ""  # what an effect above the null would change
    if_absent: str = ""
    if_negative: str = ""
    bits: float = 0.0  # of what is not known, that it is expected to tell
    depth: int = 1  # how many proposals lie between it and a question of a person
    author: str = AUTOPILOT
    rival_interval: tuple[float, float] | None = None  # in which the number lies if the rival is right
    draft: int | None = None  # whose code is published
    mends: str = ""  # of a mended text: the published version, as in tiny_sum@2
    changes: str = ""  # of a mended text: the old and the new lines
    inherited: tuple[str, ...] = ()  # what of its estimand is that of the finding, as nobody said otherwise
    upheld_by: tuple[Verdict, ...] = ()  # of its own number, that speak for the finding; none: as the template says

    @property
    def design(self) -> str:
        return self.slug.replace("-", "_")

    @property
    def parent(self) -> int:
        """The finding from which it follows, of one that asks more of published code."""
        if self.finding is None:
            raise LookupError(f"{self.slug} follows from no finding")
        return self.finding

    @property
    def upholding(self) -> tuple[Verdict, ...]:
        """What its own number must come to, to speak for the finding from which it follows."""
        if self.admission is not Admission.QUESTION:
            return ()
        if self.template is Template.INTERVENTION:
            return self.upheld_by or (Verdict.ABSENT,)
        return self.upheld_by or verdicts_of(Meaning.AS_CLAIMED, self.expects)

    @property
    def cost(self) -> DesignCost:
        """Likely and at most."""
        return DesignCost(likely=self.core_seconds, most=self.most_core_seconds)

    @property
    def per_core_hour(self) -> float:
        return self.bits / max(self.core_seconds, 1e-6) * 3_600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredProposal:
    number: int
    proposal: Proposal
    state: ProposalState
    why: str  # why it stands as it does
    decided_by: str
    registration_id: int | None
    session_id: int | None  # in which it was made
    created_at: datetime
    decided_at: datetime | None

    @property
    def registered_words(self) -> dict[str, object]:
        """What of it stands in the registration, under its hash."""
        proposal = self.proposal
        return {
            "number": self.number,
            "slug": proposal.slug,
            "template": proposal.template.value,
            "author": proposal.author,
            "question": proposal.question,
            "rival": proposal.rival,
            "links": list(proposal.links),
            "if_positive": proposal.if_positive,
            "if_absent": proposal.if_absent,
            "if_negative": proposal.if_negative,
        }


def proposal_data(proposal: Proposal) -> dict[str, Any]:
    """The proposal as plain data, in JSON's own types."""
    data = asdict(proposal)
    stopping, prediction = proposal.stopping, proposal.prediction
    data["stopping"] = None if stopping is None else {"rule": stopping.rule.value, "replicates": stopping.replicates}
    data["prediction"] = None if prediction is None else prediction_data(prediction)
    plain: dict[str, Any] = json.loads(json.dumps(data))
    return plain


def read_proposal(text: str) -> Proposal:
    data = json.loads(text)
    stopping, prediction = data["stopping"], data["prediction"]
    return Proposal(
        **data
        | {
            "template": Template(data["template"]),
            "admission": Admission(data["admission"]),
            "expects": Direction(data["expects"]),
            "links": tuple(data["links"]),
            "configs": tuple(data["configs"]),
            "estimands": tuple(data["estimands"]),
            "inherited": tuple(data.get("inherited", ())),
            "upheld_by": tuple(map(Verdict, data.get("upheld_by", ()))),
            "rival_interval": tuple(data["rival_interval"]) if data.get("rival_interval") else None,
            "stopping": stopping and StoppingRule(rule=Rule(stopping["rule"]), replicates=stopping["replicates"]),
            "prediction": prediction and read_prediction(prediction),
        }
    )


class IdeaState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"  # a proposal or an experiment asks it
    KNOWN = "known"  # a finding answers it
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # its author took it back


@dataclass(frozen=True, kw_only=True, slots=True)
class Idea:
    """A question, why it is worth asking, and what became of it."""

    question: str
    why: str
    by: str
    volunteer_id: int | None = None  # whose it is, where a volunteer wrote it
    basis: str | None = None  # what the autopilot saw; it writes one idea about it, once
    finding: int | None = None  # that the autopilot saw it in


@dataclass(frozen=True, kw_only=True, slots=True)
class IdeaAnswer:
    """What somebody says became of an idea, and where that is seen."""

    state: IdeaState
    why: str
    by: str
    proposal: int | None = None
    experiment: str | None = None  # with its version, as in tiny_sum@2
    finding: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredIdea:
    number: int
    idea: Idea
    created_at: datetime
    shown_at: datetime | None  # since when everybody may read it; None: its author and the operator alone
    state: IdeaState
    answer: IdeaAnswer | None
    answered_at: datetime | None

    @property
    def is_public(self) -> bool:
        """May everybody read it?"""
        return self.shown_at is not None and self.state is not IdeaState.WITHDRAWN
