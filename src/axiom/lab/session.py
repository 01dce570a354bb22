"""A session: its steps in order, each one transaction, so that it goes on after a crash and does nothing twice."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.decisions.occasion import occasion
from axiom.domain.sessions import Note, Session, Step
from axiom.domain.work import TaskState
from axiom.lab import plan as planning
from axiom.lab.clean import clean
from axiom.lab.credit import credit
from axiom.lab.deploy import deploy
from axiom.lab.evaluate import evaluate, unweighed
from axiom.lab.policy import Policy
from axiom.lab.review import review
from axiom.store import counters, experiments, sessions
from axiom.store.database import Database

log = logging.getLogger("axiom.session")


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """What one step did."""

    session: Session
    step: Step
    notes: tuple[Note, ...]
    ended: bool


def step(db: Database, policy: Policy, *, pi: str, reason: str, now: datetime, name: str = "") -> Stepped:
    """Do the next step of the open session, or open one and do its first. The caller makes it one transaction.

    Whoever goes on with a session says its name: if somebody else has ended it meanwhile, no other is begun.
    """
    named = sessions.by_name(db, name) if name else None
    if named is not None and named.ended_at is not None:
        return Stepped(session=named, step=list(Step)[-1], notes=(), ended=True)
    session = sessions.opened(db) or sessions.begin(db, pi=pi, reason=reason, now=now)
    due = next(one for one in Step if one not in session.done)
    seen = sessions.seen(db)
    if due is Step.REVIEW:
        notes, seen = review(db, now)
    else:
        notes = _do(db, policy, session, due, now)
    ends = due is list(Step)[-1]
    sessions.write(db, session.id, due, notes)
    sessions.finish(db, session, due, seen_task=seen, now=now, ends=ends)
    log.info("session.%s name=%s notes=%d", due, session.name, len(notes))
    return Stepped(session=session, step=due, notes=tuple(notes), ended=ends)


def due(db: Database, policy: Policy, now: datetime) -> str:
    """Why a session should be held now; empty when there is no reason. An open one should always go on."""
    if sessions.opened(db) is not None:
        return "a session is open and goes on"
    last = sessions.last(db)
    counted = counters.read(db)
    waiting = sum(amount for (noun, _, state), amount in counted.items() if (noun, state) == ("task", TaskState.UNSENT))
    return occasion(
        has_session=last is not None,
        closed_blocks_unweighed=unweighed(db),
        waiting=waiting,
        cores=planning.cores(db, now),
        stage_changed=bool(planning.decide(db, policy, now).allotments),
        seconds_since_last=(now - last.started_at).total_seconds() if last else 0.0,
        age_seconds=(now - sessions.first_started(db, now)).total_seconds(),
    )


def _do(db: Database, policy: Policy, session: Session, due: Step, now: datetime) -> list[Note]:
    match due:
        case Step.CREDIT:
            return credit(db, session, now)
        case Step.CLEAN:
            return clean(db, now)
        case Step.EVALUATE:
            return evaluate(db, session, now)
        case Step.PLAN:
            planned = planning.decide(db, policy, now)
            sessions.keep_plan(db, session.id, planning.as_data(planned))
            return planning.notes(planned)
        case Step.DEPLOY:
            return _deploy(db, policy, session, now)
        case _:
            return _close(db, session)


def _deploy(db: Database, policy: Policy, session: Session, now: datetime) -> list[Note]:
    """Order what was planned; an experiment that was withdrawn since is passed over."""
    planned = planning.from_data(sessions.kept_plan(db, session.id))
    notes = []
    for allotment in planned.allotments:
        experiment = experiments.by_id(db, allotment.experiment_id)
        if experiment is None or experiment.status != "open":
            continue
        made = deploy(db, allotment, max_failures=policy.max_failures, now=now)
        notes.append(
            Note(
                kind="deploy.ordered",
                text="{experiment}: workunits {first} to {last}, in number {workunits}.",
                facts={"workunits": len(made), "experiment": experiment.name, "first": made[0], "last": made[-1]},
                about=f"/experiments/{experiment.name}",
            )
        )
    return notes or [Note(kind="deploy.nothing", text="Nothing was ordered.")]


def _close(db: Database, session: Session) -> list[Note]:
    written: Sequence[tuple[Step, Note]] = sessions.notes(db, session.id)
    weighed = sum(note.kind == "evidence.weighed" for _, note in written)
    ordered = sum(int(str(note.facts["workunits"])) for _, note in written if note.kind == "deploy.ordered")
    return [
        Note(
            kind="session.closed",
            text="Session {session} is closed. Findings weighed again: {weighed}. Workunits ordered: {ordered}.",
            facts={"session": session.name, "weighed": weighed, "ordered": ordered},
        )
    ]
