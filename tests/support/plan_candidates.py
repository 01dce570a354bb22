"""Candidates of a plan and hosts for them, as tests of plans need them."""

from dataclasses import replace
from typing import Any

from axiom.domain.planning import Supply
from axiom.domain.registrations import StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.plan import plan_orders
from axiom.laboratory.planning.rules.stopping import Aim
from axiom_weigh.values import Grade, Verdict

NEW = Aim(verdict=Verdict.UNDECIDED, grade=Grade.AWAITING, estimate=None, low=None, high=None, smallest=0.1, seeds=0)
OPEN = replace(NEW, seeds=32, estimate=0.2, low=-0.1, high=0.5, more=(32, 128))
DECIDED = replace(OPEN, verdict=Verdict.POSITIVE, grade=Grade.MODERATE, low=0.05, high=0.6, more=(16, 64))
CANDIDATE = Candidate(
    experiment_id=1,
    name="experiment_1",
    stage=Stage.OPEN,
    stage_reason="all 3 tasks of the pilot are valid",
    replicate_seconds=8.0,
    issued=32,
    weighed=32,
    unsent=0,
    in_progress=0,
    aims=(OPEN,),
    block=16,
    stopping=StoppingRule(replicates=100_000),
)
ENDED = {"stopping": StoppingRule(replicates=32)}  # nothing more is ordered of it, and what waits goes out


def candidate(number: int, *aims: Aim, **facts) -> Candidate:
    described: dict[str, Any] = {
        "experiment_id": number,
        "name": f"experiment_{number}",
        "aims": aims or (OPEN,),
    } | facts
    return replace(CANDIDATE, **described)


def new(number: int, **facts) -> Candidate:
    return candidate(number, NEW, issued=0, weighed=0, **facts)


def planned(*asked: Candidate, cores: int = 400, **wanted):
    return plan_orders(asked, cores=cores, per_core=3, task_seconds=8.0, **wanted)


def host(number: int, cores: int = 8, memory_mb: int = 64_000, **facts) -> Supply:
    described: dict[str, Any] = {
        "host_id": number,
        "name": f"host-{number}",
        "volunteer": f"volunteer-{number}",
        "is_ours": True,
    }
    return Supply(cores=cores, memory_mb=memory_mb, **(described | facts))
