"""Programs that may work in the laboratory: each has a token, rights and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from axiom.domain.callers import Caller, Capability, Limits

PROGRAM = "program:"  # so begins the name of a program as a caller


class Right(StrEnum):
    """What a program may do. Each includes the one before it."""

    READ = "read"
    PROPOSE = "propose"
    OPERATE = "operate"


_CAPABILITIES = {
    Right.READ: frozenset({Capability.READ}),
    Right.PROPOSE: frozenset({Capability.READ, Capability.PROPOSE}),
    Right.OPERATE: frozenset({Capability.READ, Capability.PROPOSE, Capability.DEPLOY, Capability.OPERATE}),
}
MOST = _CAPABILITIES[Right.OPERATE]  # what a program could ever be allowed
# What a program may do in a day unless whoever gives rights says otherwise: each a limit, or how often a command.
# Core-hours are counted at the most: a cell as long as it may run before it is stopped, which is a minute at least, and
# a file that is published as the 256 replicates of its sweep. What is spent is as a rule a hundredth of it.
USUAL_LIMITS: Mapping[str, float] = {
    "workunits_per_day": 10_000,
    "aborts_per_day": 1_000,
    "core_hours_per_day": 240,
    "core_hours_open": 240,
    "open_proposals": 3,
    "draft.write": 20,
    "draft.preflight": 40,
    "draft.smoke": 40,
    "draft.propose": 20,
    "draft.drop": 40,
    "experiment.publish": 20,
    "experiment.preflight": 40,
    "finding.link": 20,
    "finding.note": 40,
    "idea.add": 10,
    "log.write": 20,
    "notebook.write": 40,
    "paper.draft": 20,
    "proposal.make": 20,
    "registration.predict": 40,
}
_WHOLE = frozenset(field.name for field in fields(Limits))


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmittedProgram:
    id: int
    name: str
    model: str
    prompt: str  # the digest of its instructions; empty where nobody said them
    right: Right
    may_approve: bool  # may the person at its client approve proposals there?
    limits: Mapping[str, float]  # that differ from the usual ones
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @property
    def caller(self) -> Caller:
        limits = {**USUAL_LIMITS, **self.limits}
        return Caller(
            name=f"{PROGRAM}{self.name}",
            capabilities=_CAPABILITIES[self.right],
            limits=Limits(
                workunits_per_day=int(limits["workunits_per_day"]),
                aborts_per_day=int(limits["aborts_per_day"]),
                core_hours_per_day=limits["core_hours_per_day"],
                core_hours_open=limits["core_hours_open"],
                open_proposals=limits["open_proposals"],
                commands_per_day={name: int(most) for name, most in limits.items() if name not in _WHOLE},
            ),
            model=self.model,
            prompt=self.prompt,
            is_program=True,
            may_approve=self.may_approve,
        )

    def is_let_in(self, now: datetime) -> bool:
        """Is its token good?"""
        return self.ended_at is None and now < self.expires_at
