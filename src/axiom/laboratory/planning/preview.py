"""A plan before anybody decides it: what would be ordered, and where it would go.

Looking changes nothing, and is never asked within a session: which hosts take what is decided when they ask for it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.estimands import Direction
from axiom.domain.planning import PlanWishes, Preview, Supply, WorkAboveFloor
from axiom.domain.proposals import ProposalState
from axiom.domain.releases import Stage
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.present_hosts import list_supplies
from axiom.laboratory.planning.rules import preview as previewing
from axiom.laboratory.planning.rules.block_size import block_size
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.fleet_classes import list_fleet_classes
from axiom.laboratory.planning.rules.plan import plan_orders
from axiom.laboratory.planning.rules.read_mix_and_priority import parse_wishes
from axiom.laboratory.planning.rules.stopping import Aim
from axiom.laboratory.planning.tile_orders import preview_tile_orders
from axiom.laboratory.policy import Policy
from axiom.limits import hosts as host_limits
from axiom.limits import planning as planning_limits
from axiom.signed.manifests import Manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.hosts import present_hosts
from axiom.store.registrations import proposals
from axiom_weigh.values import Grade, Verdict

_AS_IF = "planned as if its pilot had passed"


def preview_plan(
    db: Database,
    policy: Policy,
    now: datetime,
    hosts: Sequence[Supply] | None = None,
    *,
    wishes: PlanWishes | None = None,
) -> Preview:
    """What would be ordered now, for the hosts that were heard from lately or for others that somebody names.

    Of very many hosts it is for a part, and says so: nobody reads a line for each of a million.
    Without `wishes` the operator's settings hold, as far as a session would heed them.
    """
    present = list_supplies(db, policy, now, planning_limits.HOSTS) if hosts is None else hosts
    competing = planning.list_candidates(db, now, policy.approvals, is_stamped=policy.is_stamped)
    if hosts is not None:  # nobody knows how far a version would be let out among hosts that are not there
        competing = [_as_if_open(candidate) for candidate in competing]
    heeded = planning.read_wishes(policy, planning.list_experiment_names(db))[0] if wishes is None else wishes
    lately = planning.list_recent_allotments(db, now) if heeded.mix else ()
    forecast = _preview(competing, present, policy, heeded, lately)
    tiles = preview_tile_orders(
        db,
        policy,
        now,
        cores=sum(supply.cores for supply in present if not supply.obstacle),
        lacking=sum(placement.idle_cores for placement in forecast.placements),
        has_volunteers=any(not supply.is_ours for supply in present),
    )
    if tiles:
        deadline = planning.task_deadline(policy, present)
        planned = previewing.add_tiles_to_plan(forecast.plan, tiles)
        forecast = previewing.compose_preview(
            competing, present, planned, deadline_seconds=deadline, floor=policy.floor
        )
    heard_from = present_hosts.count_present_hosts(db, now - host_limits.COUNTED_ON_FOR) if hosts is None else 0
    if heard_from > len(present):
        part = f"for {len(present):,} of the {heard_from:,} hosts that were heard from"
        forecast = replace(forecast, plan=replace(forecast.plan, reason=f"{forecast.plan.reason}; {part}"))
    busy = _in_hand(db) if hosts is None else {}
    return replace(
        forecast,
        above=_add_proposals(db, forecast.above),
        classes=list_fleet_classes(present, forecast.placements, busy),
    )


def _add_proposals(db: Database, above: WorkAboveFloor) -> WorkAboveFloor:
    """What waits for an answer is worth something, too, once it is approved."""
    waiting = [stored.proposal for stored in proposals.list_proposals_in_state(db, ProposalState.OPEN)]
    worth_it = [proposal for proposal in waiting if proposal.core_seconds > 0 and proposal.per_core_hour >= above.floor]
    seconds = math.fsum(proposal.core_seconds for proposal in worth_it)
    return replace(above, proposed_core_seconds=seconds, proposals=len(worth_it))


def _as_if_open(candidate: Candidate) -> Candidate:
    if candidate.stage in {Stage.PAUSED, Stage.OPEN}:
        return replace(candidate, theirs=None)
    return replace(candidate, stage=Stage.OPEN, stage_reason=_AS_IF, theirs=None, pilot_missing=0)


def preview_shipped(manifests: Sequence[Manifest], policy: Policy, hosts: Sequence[Supply]) -> Preview:
    """What would be ordered of the catalogue where there is no laboratory, as if nothing of it were computed yet."""
    competing = [_new_candidate(number, manifest) for number, manifest in enumerate(manifests, start=1)]
    forecast = _preview(
        competing, hosts, policy, parse_wishes(policy.mix, policy.priority, {candidate.name for candidate in competing})
    )
    return replace(forecast, classes=list_fleet_classes(hosts, forecast.placements, {}))


def _preview(
    candidates: Sequence[Candidate],
    hosts: Sequence[Supply],
    policy: Policy,
    wishes: PlanWishes,
    lately: Sequence[Allotment] = (),
) -> Preview:
    deadline = planning.task_deadline(policy, hosts)
    planned = plan_orders(
        candidates,
        cores=sum(supply.cores for supply in hosts if not supply.obstacle),
        per_core=policy.per_core,
        task_seconds=policy.task_seconds,
        supplies=hosts,
        wishes=wishes,
        floor=policy.floor,
        lately=lately,
        deadline_seconds=deadline,
    )
    return previewing.compose_preview(candidates, hosts, planned, deadline_seconds=deadline, floor=policy.floor)


def _new_candidate(number: int, manifest: Manifest) -> Candidate:
    """An experiment of which nothing is ordered yet."""
    return Candidate(
        experiment_id=number,
        registration_id=number,
        name=manifest.name,
        stage=Stage.OPEN,
        stage_reason=_AS_IF,
        replicate_seconds=manifest.seconds,
        issued=0,
        unsent=0,
        in_progress=0,
        aims=tuple(
            Aim(
                verdict=Verdict.UNDECIDED,
                grade=Grade.AWAITING,
                estimate=None,
                low=None,
                high=None,
                smallest=estimand["smallest"],
                seeds=0,
                expects=Direction(estimand["expects"]),
            )
            for estimand in manifest.estimands
        ),
        is_map=manifest.map is not None,
        block=block_size(manifest.seconds, has_address=True, has_volunteers=True).replicates,
        need=planning.need_of_manifest(manifest),
    )


def _in_hand(db: Database) -> dict[int, dict[str, int]]:
    names = {experiment.id: experiment.name for experiment in experiments.list_experiment_versions(db)}
    by_host: dict[int, dict[str, int]] = {}
    for portion in present_hosts.list_tasks_in_hand(db):
        if name := names.get(portion.experiment_id):
            of_host = by_host.setdefault(portion.host_id, {})
            of_host[name] = of_host.get(name, 0) + portion.tasks
    return by_host
