"""A round: its steps in order, each one transaction, so that it goes on after a crash and does nothing twice.

Most rounds are held quietly. One that has something to tell ends a session, which tells of all rounds since the last.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.rounds import EntryKind, Note, Round, Step, TranscriptEntry
from axiom.errors import HeldByAnother, NotFound
from axiom.laboratory.credit.pay import pay_credit
from axiom.laboratory.experiments.breaker import stop_broken_versions
from axiom.laboratory.experiments.release_stages import tell_releases
from axiom.laboratory.findings.compare_duplicates import compare_new_duplicates
from axiom.laboratory.findings.score_predictions import score_predictions
from axiom.laboratory.open_round import OpenRound
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.tile_orders import has_open_tile
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rules.due import why_hold_first_round, why_hold_round
from axiom.laboratory.rounds.rules.lease import CONVERSATION_LEASE, lease_conflict
from axiom.laboratory.rounds.steps.clean import clean_up, tell_deletions
from axiom.laboratory.rounds.steps.conversations import tell_conversations
from axiom.laboratory.rounds.steps.counters import publish_counters
from axiom.laboratory.rounds.steps.credit import tell_awards, tell_new_tariffs
from axiom.laboratory.rounds.steps.deploy import order_map_tiles, order_planned, tell_orders, tell_where_tasks_are
from axiom.laboratory.rounds.steps.design import design_followups
from axiom.laboratory.rounds.steps.failures import tell_failures
from axiom.laboratory.rounds.steps.independent_checks import order_checks
from axiom.laboratory.rounds.steps.inspect_outputs import tell_contradicted_outputs
from axiom.laboratory.rounds.steps.laboratory_health import check_health
from axiom.laboratory.rounds.steps.log import end_round, why_session_ends
from axiom.laboratory.rounds.steps.queue import tell_queue
from axiom.laboratory.rounds.steps.rank import rank_findings
from axiom.laboratory.rounds.steps.repair import tell_repairs
from axiom.laboratory.rounds.steps.review import review_closed_tasks
from axiom.laboratory.rounds.steps.suspect_hosts import check_hosts
from axiom.laboratory.rounds.steps.try_out import tell_preflights
from axiom.laboratory.rounds.steps.watch import check_watches
from axiom.laboratory.rounds.steps.weigh_findings import count_unweighed_blocks, evaluate_findings
from axiom.laboratory.rounds.steps.withdraw import tell_withdrawals
from axiom.limits import rounds as limits
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.rounds import rounds, session_counts, transcripts
from axiom.store.upkeep import jobs

log = logging.getLogger("axiom.session")


@dataclass(frozen=True, kw_only=True)
class StepResult:
    round: Round
    step: Step
    notes: tuple[Note, ...]
    ended: bool


def take_next_step(
    db: Database,
    policy: Policy,
    *,
    pi: str,
    reason: str,
    now: datetime,
    name: str = "",
    holder: str = "",
    until: Step = Step.LOG,
) -> StepResult:
    """Do the next step of the open round, or open one and do its first. The caller makes it one transaction.

    Whoever goes on with a round says its name: if somebody else has ended it meanwhile, no other is begun. A holder
    has it in hand up to the step that it means to do last, and nobody else goes on with it meanwhile.
    """
    named = rounds.find_round_by_name(db, name) if name else None
    if named is not None and named.ended_at is not None:
        return StepResult(round=rounds.read_round(db, named.id), step=named.steps[-1], notes=(), ended=True)
    current = rounds.find_open_round(db) or rounds.begin_round(db, pi=pi, reason=reason, now=now)
    due = _take(current, holder, now)
    seen = rounds.read_review_stamp(db)
    if due is Step.REVIEW:
        seen = max(seen, to_microseconds(now))
    this_round = OpenRound(db=db, round=current, policy=policy, now=now)
    notes = [note for part in _STEPS[due] for note in part(this_round)]
    ends = due is current.steps[-1]
    rounds.add_round_notes(db, current.id, due, notes)
    rounds.finish_round_step(db, current, due, reviewed_to=seen, now=now, ends=ends)
    _hand_on(db, current, "" if ends or _is_past(due, until) else holder, now)
    log.info("session.%s name=%s notes=%d", due, current.name, len(notes))
    return StepResult(
        round=rounds.read_round(db, current.id) if ends else current, step=due, notes=tuple(notes), ended=ends
    )


def record_transcript_entry(db: Database, name: str, holder: str, entry: TranscriptEntry, now: datetime) -> int:
    """Add an entry to the transcript of an open round; its number. Whoever speaks with a model keeps the round."""
    current_round = rounds.find_round_by_name(db, name)
    if current_round is None:
        raise NotFound(f"There is no session {name}. Nothing was written down.")
    if current_round.ended_at is not None:
        raise HeldByAnother(f"Session {name} has ended: somebody else went on with it. Nothing was written down.")
    if why := lease_conflict(current_round.holder, current_round.held_until, holder, now):
        raise HeldByAnother(f"Session {name} is not free: {why}. Nothing was written down.")
    number = transcripts.append_transcript_entry(db, current_round.id, entry, now)
    rounds.set_round_holder(
        db, current_round.id, holder, now + (limits.LEASE if entry.kind is EntryKind.END else CONVERSATION_LEASE)
    )
    return number


def why_round_due(db: Database, policy: Policy, now: datetime) -> str:
    """Why a round should be held now; empty when there is no reason. An open one should always go on."""
    if rounds.find_open_round(db) is not None:
        return "a round is open and goes on"
    last = rounds.find_last_round(db)
    if last is None:  # before anything is counted: whoever asks rests for twenty times as long as the answer took
        publishing = jobs.find_first_run_start(db, "publish")
        return why_hold_first_round((now - publishing).total_seconds() if publishing else None)
    waiting, cores = planning.count_waiting_tasks(db), planning.count_fleet_cores(db, now)
    return why_hold_round(
        closed_blocks_unweighed=count_unweighed_blocks(db),
        waiting=waiting,
        cores=cores,
        stage_changed=bool(planning.decide_plan(db, policy, now).allotments),
        seconds_since_last=(now - last.started_at).total_seconds(),
        idle_before_last=_idle_before(db, last),
        age_seconds=(now - rounds.find_first_round_start(db, now)).total_seconds(),
        tiles_open=waiting < cores and has_open_tile(db, now, policy.approvals),
        to_tell=why_session_ends(db, now),
    )


def _idle_before(db: Database, last: Round) -> float:
    """For how long nothing had been ordered when this round began; with nothing ever, since the first one."""
    ordered_at = session_counts.find_last_order_time(db) or rounds.find_first_round_start(db, last.started_at)
    return (last.started_at - ordered_at).total_seconds()


def _take(current: Round, holder: str, now: datetime) -> Step:
    """The step that is due, if nobody else has the round in hand."""
    why = lease_conflict(current.holder, current.held_until, holder, now)
    if why:
        raise HeldByAnother(f"{current.name} is not free: {why}. Nothing was done; ask again then.")
    if current.due is None:
        raise LookupError(f"{current.name} is open and has no step left")
    return current.due


def _is_past(done: Step, until: Step) -> bool:
    """Was this the last step that somebody means to do, or one after it?"""
    steps = list(Step)
    return steps.index(done) >= steps.index(until)


def _hand_on(db: Database, current: Round, holder: str, now: datetime) -> None:
    """Whoever goes on keeps it for a while; whoever does not leaves it to anybody."""
    if holder or current.holder:
        rounds.set_round_holder(db, current.id, holder, now + limits.LEASE if holder else None)


def _plan(this_round: OpenRound) -> list[Note]:
    planned = planning.decide_plan(this_round.db, this_round.policy, this_round.now)
    rounds.store_round_plan(this_round.db, this_round.round.id, planning.plan_as_data(planned))
    return planning.tell_unheeded_wishes(this_round.db, this_round.policy) + planning.tell_plan(planned)


def _with_time(part: Callable[[Database, datetime], list[Note]]) -> Callable[[OpenRound], list[Note]]:
    return lambda this_round: part(this_round.db, this_round.now)


def _of_round(part: Callable[[Database, Round, datetime], list[Note]]) -> Callable[[OpenRound], list[Note]]:
    return lambda this_round: part(this_round.db, this_round.round, this_round.now)


def _without_words(part: Callable[[Database], object]) -> Callable[[OpenRound], list[Note]]:
    def do(this_round: OpenRound) -> list[Note]:
        part(this_round.db)
        return []

    return do


# What is done at each step, in this order.
_STEPS: Mapping[Step, tuple[Callable[[OpenRound], list[Note]], ...]] = {
    Step.HEALTH: (check_health,),
    Step.QUEUE: (tell_queue,),
    Step.REVIEW: (review_closed_tasks,),
    Step.INSPECT: (tell_contradicted_outputs,),
    Step.FAILURES: (lambda this_round: tell_failures(this_round.db, this_round.window.since, this_round.now),),
    Step.CREDIT: (_of_round(pay_credit), tell_awards, tell_new_tariffs),
    Step.CLEAN: (_with_time(check_hosts), _with_time(clean_up), tell_deletions),
    Step.WITHDRAW: (stop_broken_versions, tell_releases, tell_withdrawals),
    Step.REPAIR: (tell_repairs,),
    Step.EVALUATE: (
        _without_words(compare_new_duplicates),
        _of_round(evaluate_findings),
        _with_time(score_predictions),
        _with_time(check_watches),
    ),
    Step.RANK: (rank_findings,),
    Step.DESIGN: (design_followups,),
    Step.TRY: (tell_preflights,),
    Step.PLAN: (_plan,),
    Step.DEPLOY: (order_planned, order_map_tiles, order_checks, tell_orders, tell_where_tasks_are),
    Step.PUBLISH: (publish_counters,),
    Step.LOG: (tell_conversations, end_round),
}
