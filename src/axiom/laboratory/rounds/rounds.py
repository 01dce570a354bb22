"""A round: its steps in order, each one transaction, so that it goes on after a crash and does nothing twice.

Most rounds are held quietly. One that has something to tell ends a session, which tells of all rounds since the last.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.rounds import EntryKind, Note, Round, Step, TranscriptEntry
from axiom.errors import HeldByAnother, NotFound
from axiom.laboratory.credit.pay import credit
from axiom.laboratory.experiments.breaker import stop_broken_versions, tell_releases
from axiom.laboratory.findings.score_predictions import score_predictions
from axiom.laboratory.open_round import OpenRound
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.tiles import any_open
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rules.due import occasion
from axiom.laboratory.rounds.rules.lease import CONVERSATION_LEASE, lease_conflict
from axiom.laboratory.rounds.steps.clean import clean, tell_deletions
from axiom.laboratory.rounds.steps.conversations import tell_conversations
from axiom.laboratory.rounds.steps.counters import publish
from axiom.laboratory.rounds.steps.credit import tell_awards, tell_new_tariffs
from axiom.laboratory.rounds.steps.deploy import order_map_tiles, order_planned, tell_orders, tell_where_tasks_are
from axiom.laboratory.rounds.steps.design import design
from axiom.laboratory.rounds.steps.evaluate import evaluate, unweighed
from axiom.laboratory.rounds.steps.failures import tell_failures
from axiom.laboratory.rounds.steps.health import health
from axiom.laboratory.rounds.steps.independent_checks import order_checks
from axiom.laboratory.rounds.steps.inspect_outputs import inspect
from axiom.laboratory.rounds.steps.log import close, why_told
from axiom.laboratory.rounds.steps.queue import queue
from axiom.laboratory.rounds.steps.rank import rank_findings
from axiom.laboratory.rounds.steps.repair import repair
from axiom.laboratory.rounds.steps.review import review
from axiom.laboratory.rounds.steps.try_out import tell_preflights
from axiom.laboratory.rounds.steps.watch import look_for
from axiom.laboratory.rounds.steps.withdraw import tell_withdrawals
from axiom.limits import rounds as limits
from axiom.store.engine.database import Database, at
from axiom.store.rounds import rounds, session_counts, transcripts
from axiom.store.upkeep import jobs

log = logging.getLogger("axiom.session")


@dataclass(frozen=True, kw_only=True)
class StepResult:
    round: Round
    step: Step
    notes: tuple[Note, ...]
    ended: bool


def step(
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
    named = rounds.by_name(db, name) if name else None
    if named is not None and named.ended_at is not None:
        return StepResult(round=rounds.by_id(db, named.id), step=named.steps[-1], notes=(), ended=True)
    current = rounds.opened(db) or rounds.begin(db, pi=pi, reason=reason, now=now)
    due = _take(current, holder, now)
    seen = rounds.seen(db)
    if due is Step.REVIEW:
        seen = max(seen, at(now))
    this_round = OpenRound(db=db, round=current, policy=policy, now=now)
    notes = [note for part in _STEPS[due] for note in part(this_round)]
    ends = due is current.steps[-1]
    rounds.write(db, current.id, due, notes)
    rounds.finish(db, current, due, seen_task=seen, now=now, ends=ends)
    _hand_on(db, current, "" if ends or _is_past(due, until) else holder, now)
    log.info("session.%s name=%s notes=%d", due, current.name, len(notes))
    return StepResult(round=rounds.by_id(db, current.id) if ends else current, step=due, notes=tuple(notes), ended=ends)


def transcribe(db: Database, name: str, holder: str, entry: TranscriptEntry, now: datetime) -> int:
    """Add an entry to the transcript of an open session; its number. Whoever speaks with a model keeps the session."""
    session = rounds.by_name(db, name)
    if session is None:
        raise NotFound(f"There is no session {name}. Nothing was written down.")
    if session.ended_at is not None:
        raise HeldByAnother(f"Session {name} has ended: somebody else went on with it. Nothing was written down.")
    if why := lease_conflict(session.holder, session.held_until, holder, now):
        raise HeldByAnother(f"Session {name} is not free: {why}. Nothing was written down.")
    number = transcripts.append(db, session.id, entry, now)
    rounds.hold(db, session.id, holder, now + (limits.LEASE if entry.kind is EntryKind.END else CONVERSATION_LEASE))
    return number


def due(db: Database, policy: Policy, now: datetime) -> str:
    """Why a round should be held now; empty when there is no reason. An open one should always go on."""
    if rounds.opened(db) is not None:
        return "a round is open and goes on"
    last, publishing = rounds.last(db), jobs.first_began(db, "publish")
    waiting, cores = planning.waiting(db), planning.cores(db, now)
    return occasion(
        has_session=last is not None,
        publishing_seconds=(now - publishing).total_seconds() if publishing else None,
        closed_blocks_unweighed=unweighed(db),
        waiting=waiting,
        cores=cores,
        stage_changed=bool(planning.decide(db, policy, now).allotments),
        seconds_since_last=(now - last.started_at).total_seconds() if last else 0.0,
        idle_before_last=_idle_before(db, last) if last else 0.0,
        age_seconds=(now - rounds.first_started(db, now)).total_seconds(),
        tiles_open=waiting < cores and any_open(db, now, policy.approvals),
        to_tell=why_told(db, now),
    )


def _idle_before(db: Database, last: Round) -> float:
    """For how long nothing had been ordered when this round began; with nothing ever, since the first one."""
    ordered_at = session_counts.last_ordered(db) or rounds.first_started(db, last.started_at)
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
        rounds.hold(db, current.id, holder, now + limits.LEASE if holder else None)


def _plan(this_round: OpenRound) -> list[Note]:
    planned = planning.decide(this_round.db, this_round.policy, this_round.now)
    rounds.keep_plan(this_round.db, this_round.round.id, planning.as_data(planned))
    return planning.unheeded(this_round.db, this_round.policy) + planning.notes(planned)


def _now(part: Callable[[Database, datetime], list[Note]]) -> Callable[[OpenRound], list[Note]]:
    return lambda this_round: part(this_round.db, this_round.now)


def _of_round(part: Callable[[Database, Round, datetime], list[Note]]) -> Callable[[OpenRound], list[Note]]:
    return lambda this_round: part(this_round.db, this_round.round, this_round.now)


# What is done at each step, in this order.
_STEPS: Mapping[Step, tuple[Callable[[OpenRound], list[Note]], ...]] = {
    Step.HEALTH: (health,),
    Step.QUEUE: (queue,),
    Step.REVIEW: (review,),
    Step.INSPECT: (inspect,),
    Step.FAILURES: (lambda this_round: tell_failures(this_round.db, this_round.window.since, this_round.now),),
    Step.CREDIT: (_of_round(credit), tell_awards, tell_new_tariffs),
    Step.CLEAN: (_now(clean), tell_deletions),
    Step.WITHDRAW: (stop_broken_versions, tell_releases, tell_withdrawals),
    Step.REPAIR: (repair,),
    Step.EVALUATE: (_of_round(evaluate), _now(score_predictions), _now(look_for)),
    Step.RANK: (rank_findings,),
    Step.DESIGN: (design,),
    Step.TRY: (tell_preflights,),
    Step.PLAN: (_plan,),
    Step.DEPLOY: (order_planned, order_map_tiles, order_checks, tell_orders, tell_where_tasks_are),
    Step.PUBLISH: (publish,),
    Step.LOG: (tell_conversations, close),
}
