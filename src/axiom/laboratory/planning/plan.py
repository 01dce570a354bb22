"""A step of rounds: what is ordered next, decided from how every experiment stands."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from axiom.domain.planning import PlanWishes, Supply
from axiom.domain.rounds import Allotment, Note, Plan, SkippedExperiment
from axiom.domain.work import TaskState
from axiom.errors import WrongUse
from axiom.laboratory.open_round import shorten_notes
from axiom.laboratory.planning.present_hosts import list_supplies, read_usual_hosts
from axiom.laboratory.planning.read_candidates import list_candidates as list_candidates
from axiom.laboratory.planning.read_candidates import need_of_manifest as need_of_manifest
from axiom.laboratory.planning.read_candidates import read_aims as read_aims
from axiom.laboratory.planning.rules import read_mix_and_priority
from axiom.laboratory.planning.rules.plan import plan_orders
from axiom.laboratory.policy import Policy
from axiom.limits import hosts as host_limits
from axiom.limits import planning as planning_limits
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.hosts import present_hosts
from axiom.store.rounds import rounds
from axiom_weigh.grouping import group_pairs

_MOST_SESSIONS = 200


def decide_plan(db: Database, policy: Policy, now: datetime) -> Plan:
    """The plan as it would be now. Looking changes nothing."""
    competing, cores_there = (
        list_candidates(db, now, policy.approvals, is_stamped=policy.is_stamped),
        count_fleet_cores(db, now),
    )
    are_few = present_hosts.count_present_hosts(db, now - host_limits.COUNTED_ON_FOR) <= planning_limits.HOSTS
    present = list_supplies(db, policy, now) if are_few else []
    wished, _ = read_wishes(policy, list_experiment_names(db))
    return plan_orders(
        competing,
        cores=cores_there,
        per_core=policy.per_core,
        task_seconds=policy.task_seconds,
        supplies=present,
        usual=None if are_few else read_usual_hosts(db, now, planning_limits.HOSTS),
        ours=None if are_few else present_hosts.sum_own_cores(db, now - host_limits.COUNTED_ON_FOR),
        wishes=wished,
        floor=policy.floor,
        lately=list_recent_allotments(db, now) if wished.mix else (),
        deadline_seconds=task_deadline(policy, present),
    )


def list_experiment_names(db: Database) -> set[str]:
    """What wishes may name: also what is retired, of which nothing is ordered whatever is wished."""
    return {experiment.name for experiment in experiments.list_experiment_versions(db)}


def read_wishes(policy: Policy, experiment_names: Collection[str]) -> tuple[PlanWishes, str]:
    """What the operator wants, and what is wrong with it: then it is not heeded, and sessions go on without it."""
    try:
        return read_mix_and_priority.parse_wishes(policy.mix, policy.priority, experiment_names), ""
    except WrongUse as fault:
        return PlanWishes(), str(fault)


def task_deadline(policy: Policy, hosts: Sequence[Supply]) -> float | None:
    """In how many seconds a task must be done; where only the laboratory's own hosts compute, it does not matter."""
    return None if all(supply.is_ours for supply in hosts) else policy.deadline_seconds


def list_recent_allotments(db: Database, now: datetime) -> list[Allotment]:
    texts = rounds.list_ordering_plans(db, now - planning_limits.SHARES_HOLD_OVER, _MOST_SESSIONS)
    return [allotment for text in texts for allotment in _allotments(text)]


@lru_cache(maxsize=2 * _MOST_SESSIONS)
def _allotments(text: str) -> tuple[Allotment, ...]:
    """The allotments of a kept plan, which never changes."""
    return plan_from_data(json.loads(text)).allotments


def count_fleet_cores(db: Database, now: datetime) -> int:
    """How many cores the hosts have that were heard from lately."""
    return present_hosts.sum_present_cores(db, now - host_limits.COUNTED_ON_FOR)


def count_waiting_tasks(db: Database) -> int:
    drill = {experiment.id for experiment in experiments.list_experiment_versions(db) if experiment.name == DRILL}
    return sum(
        amount
        for (noun, experiment_id, state), amount in counters.read_counters(db).items()
        if (noun, state) == ("task", TaskState.UNSENT) and experiment_id not in drill
    )


def tell_unheeded_wishes(db: Database, policy: Policy) -> list[Note]:
    """What is wrong with what the operator wants, if anything is."""
    _, fault = read_wishes(policy, list_experiment_names(db))
    if not fault:
        return []
    text = "The operator's wishes are not heeded: {fault}"
    return [Note(kind="plan.wishes", text=text, facts={"fault": fault}, about="/plan")]


def tell_plan(planned: Plan) -> list[Note]:
    """What was decided, and what was left alone and why."""
    orders = [
        Note(
            kind="plan.order",
            text="{workunits} workunit(s) to order, each of {replicates} replicate(s). Why: {reason}",
            facts={
                "workunits": allotment.workunits,
                "replicates": allotment.replicates_each,
                "reason": allotment.reason,
            },
            about="/experiments",
        )
        for allotment in planned.allotments
    ]
    by_reason = group_pairs((skip.reason, skip.name) for skip in planned.skipped)
    left = [_skipped_note(names, reason) for reason, names in by_reason.items()]
    return [
        *shorten_notes(orders, "Orders", "/plan"),
        *left,
        Note(
            kind="plan.cores",
            text="Idle cores: {idle}. {reason}",
            facts={"idle": planned.idle_cores, "reason": planned.reason},
            about="/plan",
        ),
    ]


def _skipped_note(names: Sequence[str], reason: str) -> Note:
    """One line for all that are left alone for the same reason."""
    if len(names) == 1:
        return Note(
            kind="plan.skip",
            text="{experiment} is left alone: {reason}",
            facts={"experiment": names[0], "reason": reason},
            about=f"/experiments/{names[0]}",
        )
    return Note(
        kind="plan.skip",
        text="{amount} are left alone, as {experiments}: {reason}",
        facts={
            "amount": len(names),
            "experiments": ", ".join(names[: planning_limits.LEFT_ALONE_NAMED]),
            "reason": reason,
        },
        about="/experiments",
    )


def plan_as_data(planned: Plan) -> dict[str, Any]:
    return asdict(planned)


def plan_from_data(data: Any) -> Plan:
    return Plan(
        allotments=tuple(Allotment(**fields) for fields in data["allotments"]),
        skipped=tuple(SkippedExperiment(**fields) for fields in data["skipped"]),
        idle_cores=data["idle_cores"],
        reason=data["reason"],
    )
