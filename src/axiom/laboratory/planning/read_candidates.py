"""Every registration that could be ordered, and how it stands: what the records say, as a planner reads it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import Registration
from axiom.domain.fleet import OUR_GPUS
from axiom.domain.planning import Need
from axiom.domain.preflights import GATES, OWN_GATES
from axiom.domain.registrations import DECLARED, map_amendments, read_registration_body
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.domain.work import TaskState, WorkunitState
from axiom.laboratory.experiments.release_stages import NOWHERE, VersionStage, read_version_stages
from axiom.laboratory.planning.hanging_questions import read_hanging_questions
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.goals import is_goal_open
from axiom.laboratory.planning.rules.new_designs import FirstReplicates, begin_one_design, first_replicates
from axiom.laboratory.planning.rules.stopping import Aim
from axiom.laboratory.planning.rules.value_of_information import weight_by_questions
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights, task_rules, withdrawn_orders
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import evidence
from axiom.store.maps import tiles
from axiom.store.registrations import proposals, registrations, time_stamps
from axiom.store.tasks import workunits
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import Evidence, Grade, Verdict

_FEW = 10  # tasks that count beside those that were closed: a single failure says little
_FEW_ISSUED = 5  # replicates of a new design, while it is looked whether the first of them came back
_UNSTAMPED = "no authority has stamped its registration yet"

Counted = dict[tuple[str, int, str], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _SharedFacts:
    """What is read once for all versions."""

    counted: Counted
    newest: Mapping[int, Evidence]  # of each finding
    hanging: Mapping[int, int]  # open questions on each finding
    waiting: Mapping[tuple[int, int], int]  # replicates of each version and registration
    registered: Mapping[int, list[Registration]]  # to each version, oldest first
    begun: Mapping[int, Mapping[str, int]]  # findings of each registration, by estimand
    open: frozenset[int]  # findings
    begun_with: Mapping[int, Sequence[tuple[WorkunitState, datetime | None]]]  # workunits of registrations with few
    bundled: Mapping[int, datetime]  # when each version got its newest bundle
    stages: Mapping[int, VersionStage]  # of each version
    approved: frozenset[int]  # registrations that a person let in
    rules: Mapping[str, TaskRule]  # what operators say of the tasks of experiments
    ordered: Mapping[int, Mapping[int, int]]  # replicates of registrations, of versions of which some were taken back


def list_candidates(db: Database, now: datetime, approvals: str = "", *, is_stamped: bool = False) -> list[Candidate]:
    """Every registration of an open experiment that has a bundle, and how it stands."""
    counted = counters.read_counters(db)
    # A check waits for some other volunteer's host: the cores here are not kept busy by it.
    for experiment_id, checks in workunits.count_waiting_checks(db).items():
        counted["task", experiment_id, TaskState.UNSENT] -= checks
    newest_first = reversed(registrations.read_registrations(db))
    registered = group_pairs((registration.experiment_id, registration) for registration in newest_first)
    begun, still_open = registrations.group_findings_by_registration(db)
    newest_bundles = experiments.list_newest_bundles(db)
    facts = _SharedFacts(
        counted=counted,
        registered=registered,
        begun=begun,
        open=still_open,
        begun_with=workunits.list_workunit_states(
            db, [int(key[2]) for key, amount in counted.items() if key[0] == "issued" and amount < _FEW_ISSUED]
        ),
        bundled={bundle.experiment_id: bundle.created_at for bundle in newest_bundles},
        newest=evidence.list_newest_evidence(db),
        hanging=read_hanging_questions(db),
        waiting=workunits.count_waiting_replicates(db),
        stages=read_version_stages(db, now, approvals),
        approved=proposals.list_registrations_by_persons(db),
        rules={name: stated.rule for name, stated in task_rules.read_rules(db).items()},
        ordered={
            experiment_id: withdrawn_orders.count_ordered_replicates(db, experiment_id)
            for noun, experiment_id, state in counted
            if (noun, state) == ("workunit", WorkunitState.CANCELLED)
        },
    )
    faults = {
        preflight.experiment_id: _fault(preflight.reason)
        for preflight in preflights.list_newest_preflights(db, OWN_GATES)
        if preflight.passed is False and not preflights.has_bundle_passed(db, preflight.bundle)
    }
    faults |= {
        preflight.experiment_id: _fault(preflight.reason)
        for preflight in preflights.list_newest_preflights(db, GATES)
        if preflight.passed is False
        and not preflights.has_bundle_passed(db, preflight.bundle)  # those of before it passed
    }
    unstamped = (
        {registration.id: _UNSTAMPED for registration in time_stamps.list_unstamped_registrations(db)}
        if is_stamped
        else {}
    )
    return [
        replace(
            candidate,
            fault=faults.get(experiment.id, candidate.fault)
            or unstamped.get(candidate.registration_id, "")
            or _charting(db, candidate, manifest),
        )
        for experiment in experiments.list_experiment_versions(db)
        if experiment.status == "open" and experiment.name != DRILL and experiment.id in facts.bundled
        for manifest in [stored_manifest(experiment.manifest)]
        for candidate in _candidates(experiment, manifest, facts)
    ]


def _charting(db: Database, candidate: Candidate, manifest: Manifest) -> str:
    """Why no further block of a map is begun: those that it has are charted first."""
    if manifest.map is None or candidate.is_begun:
        return ""
    arms = range(len(manifest.configs))
    levels = (level for arm in arms for level, _ in tiles.list_open_levels(db, candidate.experiment_id, arm, most=1))
    is_open = any(level <= manifest.map.charted for level in levels)
    return "the deeper tiles of the replicates that it has come first" if is_open else ""


def need_of_manifest(manifest: Manifest, rule: TaskRule = ANY_COMPUTER) -> Need:
    on_core = Need(
        memory_mb=manifest.memory_mb,
        cores=manifest.cores,
        shared_mb=manifest.shared_mb,
        disk_mb=manifest.disk_mb,
        avx=manifest.avx,
        rule=rule,
    )
    if not manifest.uses_gpus:
        return on_core
    memory_mb = manifest.memory_on(OUR_GPUS)
    on_gpu = replace(on_core, memory_mb=memory_mb, cores=1, gpu=True, gpu_memory_mb=manifest.gpu_memory)
    on_gpu = replace(on_gpu, side_by_side=manifest.side_by_side)
    return on_gpu if manifest.gpu else replace(on_core, on_gpu=on_gpu)


def _tasks(experiment: StoredExperiment, counted: Counted, *states: TaskState) -> int:
    return sum(counted.get(("task", experiment.id, state), 0) for state in states)


def _fault(reason: str) -> str:
    """Why nothing more is ordered, without a full stop: whoever shows it ends the sentence."""
    return f"its preflight failed: {reason.rstrip('.')}"


def read_aims(db: Database, registration: Registration, newest: Mapping[int, Evidence]) -> tuple[Aim, ...]:
    """How the open findings stand of which a registration's replicates are evidence."""
    statuses = registrations.list_finding_statuses(db, registration.experiment_id)
    still_open = {number for number, (status, _) in statuses.items() if status == "open"}
    return _aims(registration, registrations.list_claim_numbers(db, registration), still_open, newest, {})


def _aims(
    registration: Registration,
    numbers: Mapping[str, int],
    still_open: Collection[int],
    newest: Mapping[int, Evidence],
    hangs: Mapping[int, int],
) -> tuple[Aim, ...]:
    estimands = read_registration_body(registration.body).estimands
    return tuple(
        _aim(estimands[name], newest.get(number), weight_by_questions(hangs.get(number, 0)))
        for name, number in sorted(numbers.items(), key=lambda pair: pair[1])
        if number in still_open
    )


def _aim(estimand: Mapping[str, Any], line: Evidence | None, counts: float) -> Aim:
    return Aim(
        verdict=line.verdict if line else Verdict.UNDECIDED,
        grade=line.grade if line else Grade.AWAITING,
        estimate=line.estimate if line else None,
        low=line.low if line else None,
        high=line.high if line else None,
        smallest=estimand["smallest"],
        seeds=line.seeds if line else 0,
        expects=Direction(estimand["expects"]),
        more=line.more if line else None,
        weight=counts,
    )


def _candidates(experiment: StoredExperiment, manifest: Manifest, facts: _SharedFacts) -> list[Candidate]:
    """One for each registration that no other has amended; for none, one of which nothing can be ordered."""
    registered = facts.registered.get(experiment.id, [])
    amended = map_amendments(registered)
    numbers_issued = {
        registration.id: facts.counted.get(("issued", experiment.id, str(registration.id)), 0)
        for registration in registered
    }
    issued = {**numbers_issued, **facts.ordered.get(experiment.id, {})}
    whole = _candidate(experiment, manifest, facts, issued=sum(issued.values()))
    living = [registration for registration in registered if registration.id not in amended]
    listed = []
    firsts = begin_one_design(
        [_first(registration, registered, numbers_issued[registration.id], facts) for registration in living]
    )
    for place, (registration, first) in enumerate(zip(living, firsts, strict=True)):
        body, seconds = read_registration_body(registration.body), _seconds(registration, manifest)
        numbers = {**body.joins, **facts.begun.get(registration.id, {})}
        weighed = _amount_weighed(whole, numbers.values(), facts) if len(registered) == 1 else None
        # What waits of an amended registration is said of the first that is not.
        waits = [registration.id, *(amended if place == 0 else ())]
        listed.append(
            replace(
                whole if place == 0 else replace(whole, unsent=0, in_progress=0, pilot_missing=0),
                registration_id=registration.id,
                design=_name(registration, registered),
                replicate_seconds=seconds,
                issued=issued[registration.id],
                issued_besides=_issued_besides(registration, registered, facts.begun, issued),
                aims=_aims(registration, numbers, facts.open, facts.newest, facts.hanging),
                block=body.block,
                stopping=body.stopping,
                waiting_seconds=seconds * sum(facts.waiting.get((experiment.id, wait), 0) for wait in waits),
                is_untried=first.is_untried,
                fault=first.fault,
                is_approved=is_goal_open(registration, registered, facts.approved, issued=issued[registration.id]),
                is_further=_is_further(registration, registered, facts.newest),
                weighed=weighed,
            )
        )
    return listed or [whole]


def _first(
    registration: Registration, registered: Sequence[Registration], issued: int, facts: _SharedFacts
) -> FirstReplicates:
    """How it stands with the first replicates of a design; the declared one begins with a pilot of its own."""
    is_new = (
        read_registration_body(registration.body).design.name not in _older_designs(registration, registered)
        and registration is not registered[0]
    )
    if not is_new or issued >= _FEW_ISSUED:
        return FirstReplicates()
    return first_replicates(facts.begun_with.get(registration.id, ()), facts.bundled[registration.experiment_id])


def _is_further(registration: Registration, registered: Sequence[Registration], newest: Mapping[int, Evidence]) -> bool:
    """Does it ask known findings elsewhere? A fresh cohort, or what amends another, has the design of an older one."""
    body = read_registration_body(registration.body)
    is_new = body.design.name not in _older_designs(registration, registered)
    return is_new and any(number in newest for number in body.joins.values())


def _older_designs(registration: Registration, registered: Sequence[Registration]) -> set[str]:
    return {read_registration_body(other.body).design.name for other in registered if other.id < registration.id}


def _issued_besides(
    registration: Registration,
    registered: Sequence[Registration],
    begun: Mapping[int, Mapping[str, int]],
    issued: Mapping[int, int],
) -> int:
    """Replicates of other registrations that are evidence of the same findings; a question of its own has none."""
    mine = _numbers(registration, begun)
    return sum(
        issued[other.id] for other in registered if other.id != registration.id and mine & _numbers(other, begun)
    )


def _numbers(registration: Registration, begun: Mapping[int, Mapping[str, int]]) -> set[int]:
    return {*read_registration_body(registration.body).joins.values(), *begun.get(registration.id, {}).values()}


def _amount_weighed(whole: Candidate, numbers: Collection[int], facts: _SharedFacts) -> int:
    """Replicates of the only registration of a version that were weighed."""
    evidences = [facts.newest[number] for number in numbers if number in facts.newest]
    return min(whole.issued, min((line.seeds + line.missing + line.clones for line in evidences), default=0))


def _name(registration: Registration, registered: list[Registration]) -> str:
    """What tells a registration from the others of its version; nothing where it is the only one."""
    return (
        f"registration {registration.id} ({read_registration_body(registration.body).design.name})"
        if len(registered) > 1
        else ""
    )


def _seconds(registration: Registration, manifest: Manifest) -> float:
    """A replicate of its design on a reference core; the declared sweep as the newest bundle says."""
    design = read_registration_body(registration.body).design
    return manifest.seconds if design.name == DECLARED else sum(design.seconds)


def _candidate(experiment: StoredExperiment, manifest: Manifest, facts: _SharedFacts, *, issued: int) -> Candidate:
    counted, staged = facts.counted, facts.stages.get(experiment.id, NOWHERE)
    failed = _tasks(experiment, counted, *(state for state in TaskState if state.is_failure))
    return Candidate(
        experiment_id=experiment.id,
        name=experiment.name,
        stage=staged.rollout.stage,
        stage_reason=staged.rollout.reason,
        replicate_seconds=manifest.seconds,
        copies=manifest.copies,
        issued=issued,
        unsent=_tasks(experiment, counted, TaskState.UNSENT),
        in_progress=_tasks(experiment, counted, TaskState.SENT),
        aims=(),
        block=1,
        is_map=manifest.map is not None,
        pilot_missing=staged.missing,
        theirs=staged.theirs,
        need=need_of_manifest(manifest, facts.rules.get(experiment.name, ANY_COMPUTER)),
        failure_share=failed / (_FEW + failed + _tasks(experiment, counted, TaskState.VALID)),
    )
