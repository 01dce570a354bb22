"""The gate that every command passes: caller, limits, dry run, idempotency key, audit.

All of it happens in one transaction of the writer, so that a command is done and audited, or neither.
"""

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.callers import Caller
from axiom.errors import AxiomError, Fault, KeyReused, LimitReached, NotAllowed, StoreError
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.limits import programs as program_limits
from axiom.rules.accounts.command_permission import (
    CommandCost,
    OpenOrders,
    Permission,
    SpentToday,
    check_core_hours,
    check_permission,
    daily_command_limit,
)
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.engine.database import Database
from axiom.store.upkeep import audit, spent_allowances
from axiom.store.upkeep.audit import AuditEntry
from axiom.store.writer import Writer

log = logging.getLogger("axiom.gate")

_MOST_SAID = 2_000  # characters of words that were refused, as a program's are audited


class _DryRunRollback(Exception):
    """Carries a dry run's answer out of the savepoint that it rolls back."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


@dataclass(frozen=True, kw_only=True)
class _Submission:
    """A command on its way through the gate."""

    command: Command
    caller: Caller
    prepared: Any
    fault: AxiomError | None  # what went wrong while it was prepared
    dry_run: bool
    key: str | None

    @property
    def arguments(self) -> str:
        return canonical_bytes(self.command.audited()).decode()

    @property
    def refused_arguments(self) -> str:
        """The arguments as the audit keeps a refusal: of a program's long ones the beginning and the digest of all."""
        arguments = self.arguments
        if not self.caller.is_program or len(arguments) <= _MOST_SAID:
            return arguments
        return canonical_bytes(
            {"said": arguments[:_MOST_SAID], "sha256": hashlib.sha256(arguments.encode()).hexdigest()}
        ).decode()


@dataclass(frozen=True, kw_only=True)
class _CommandOutcome:
    """How a command ended inside the transaction: an answer, or the error its caller gets."""

    answer: Answer = field(default_factory=dict)
    error: AxiomError | None = None
    is_newest: bool = True  # no later command of this name was done, so what is left to do outside may be done again


@dataclass(frozen=True, kw_only=True)
class CommandGate:
    """The one way to change something."""

    writer: Writer
    laboratory: Laboratory
    now: Callable[[], datetime]
    open_orders: Callable[[Database, str], OpenOrders]  # of the caller of this name

    def submit(self, command: Command, caller: Caller, *, dry_run: bool = False, key: str | None = None) -> Answer:
        """Do a command, or show what it would do, and return its answer.

        The same key and command again give the first answer and change nothing.
        """
        submission = _Submission(command=command, caller=caller, prepared=None, fault=None, dry_run=dry_run, key=key)
        try:
            passed = self._passed(submission)
        except AxiomError:
            raise
        except Exception as error:
            if not submission.caller.is_program:
                raise
            raise self._remember_fault(submission, error) from error
        if passed.error is not None:
            raise passed.error
        if not submission.dry_run and passed.is_newest:
            submission.command.finish(self.laboratory, passed.answer)
        return passed.answer

    def _passed(self, submission: _Submission) -> _CommandOutcome:
        if self._is_worth_preparing(submission):
            prepared, fault = self._prepare(submission)
            submission = replace(submission, prepared=prepared, fault=fault)
        return self.writer.run(lambda db: self._pass(db, submission))

    def _remember_fault(self, submission: _Submission, error: Exception) -> Fault:
        """What nobody foresaw is a refusal too: else a program could come upon it again and again, uncounted."""
        command = submission.command
        log.error("gate.fault command=%s caller=%s", command.name, submission.caller.name, exc_info=error)
        fault = Fault(
            f"A fault of ours: {type(error).__name__} in {command.name}. Nothing of it was stored; the operator finds "
            "the traceback in logs/axiom.log."
        )
        cost = CommandCost(command=command.name, capability=command.capability)
        self.writer.run(lambda db: self._remember(db, submission, _CommandOutcome(error=fault), cost, self.now()))
        return fault

    def refuse(self, name: str, arguments: str, caller: Caller, error: AxiomError) -> None:
        """Remember what a program asked for in words that are none of a command's."""
        entry = AuditEntry(
            caller=caller.name,
            model=caller.model,
            prompt=caller.prompt,
            command=name[:_MOST_SAID],
            arguments=canonical_bytes({"said": arguments[:_MOST_SAID]}).decode(),
            dry_run=False,
            key=None,
            outcome="refused",
            answer=canonical_bytes({"error": str(error)}).decode(),
        )

        def write(db: Database) -> None:
            if self._is_written(db, caller, self.now()):
                audit.append_audit_entry(db, entry, self.now())

        self.writer.run(write)

    def _is_written(self, db: Database, caller: Caller, now: datetime) -> bool:
        """Is a refusal of this caller written down? Of a program's so many within a day: more could fill the disk."""
        return (
            not caller.is_program
            or spent_allowances.count_refused_commands(db, caller.name, now - timedelta(days=1))
            < program_limits.REFUSALS_A_DAY
        )

    def _is_worth_preparing(self, submission: _Submission) -> bool:
        """Preparing may take seconds. Of what is refused or answered anyway, a program gets none of it."""
        command, caller = submission.command, submission.caller
        cost = CommandCost(command=command.name, capability=command.capability)
        if not check_permission(caller, cost, SpentToday()).allowed:
            return False
        if not caller.is_program or type(command).prepare is Command.prepare:
            return True
        return self.writer.run(lambda db: self._is_free(db, submission))

    def _is_free(self, db: Database, submission: _Submission) -> bool:
        since = self.now() - timedelta(days=1)
        request = submission.command.request(db)
        permission = check_permission(submission.caller, request, self._read_spent(db, submission, request, since))
        return (
            permission.allowed and not _repetition(db, submission, since) and self._done_before(db, submission) is None
        )

    def _prepare(self, submission: _Submission) -> tuple[Any, AxiomError | None]:
        """What the command works with, or why there is none: that is audited like every other refusal."""
        laboratory = self.laboratory
        if submission.caller.is_program:
            laboratory = laboratory.for_programs()
        elif submission.caller.is_at_terminal:
            laboratory = laboratory.for_terminal()
        try:
            return submission.command.prepare(laboratory), None
        except StoreError:
            raise
        except AxiomError as error:
            return None, error

    def _pass(self, db: Database, submission: _Submission) -> _CommandOutcome:
        before = self._done_before(db, submission)
        if before is not None and before.error is None:
            return before
        now = self.now()
        request = submission.command.request(db)
        passed = before or self._try(db, submission, request, now)
        self._remember(db, submission, passed, request, now)
        return passed

    def _remember(
        self, db: Database, submission: _Submission, passed: _CommandOutcome, cost: CommandCost, now: datetime
    ) -> None:
        refused, hours = passed.error is not None, passed.answer.get("most_core_hours")
        entry = AuditEntry(
            caller=submission.caller.name,
            model=submission.caller.model,
            prompt=submission.caller.prompt,
            command=submission.command.name,
            arguments=submission.refused_arguments if refused else submission.arguments,
            dry_run=submission.dry_run,
            # A refused or dry command leaves its key free: the caller may mend what was wrong and ask again.
            key=None if submission.dry_run or refused else submission.key,
            outcome="refused" if refused else "done",
            answer=canonical_bytes({"error": str(passed.error)} if refused else passed.answer).decode(),
            workunits=cost.workunits,
            aborts=cost.aborts,
            core_seconds=None if hours is None else hours * 3_600.0,
        )
        if not refused or self._is_written(db, submission.caller, now):
            audit.append_audit_entry(db, entry, now)

    def _done_before(self, db: Database, submission: _Submission) -> _CommandOutcome | None:
        """The first answer to this key, or an error when the key stood for something else."""
        if submission.key is None or submission.dry_run:
            return None
        before = audit.find_audit_by_key(db, submission.caller.name, submission.key)
        if before is None:
            return None
        if (before["command"], before["arguments"]) == (submission.command.name, submission.arguments):
            newest = audit.find_latest_done_command(db, submission.command.name)
            is_newest = newest is None or newest["id"] == before["id"]
            return _CommandOutcome(answer={**json.loads(before["answer"]), "repeated": True}, is_newest=is_newest)
        return _CommandOutcome(
            error=KeyReused(
                f"The key {submission.key!r} belongs to another {before['command']}; nothing was done. Take a new key."
            )
        )

    def _try(self, db: Database, submission: _Submission, request: CommandCost, now: datetime) -> _CommandOutcome:
        since = now - timedelta(days=1)
        spent = self._read_spent(db, submission, request, since)
        if refusal := _refusal(check_permission(submission.caller, request, spent)) or _repetition(
            db, submission, since
        ):
            return _CommandOutcome(error=refusal)
        if submission.fault is not None:
            return _CommandOutcome(error=submission.fault)
        try:
            with db.savepoint():
                answer = self._apply(db, submission, spent, now)
        except _DryRunRollback as taken:
            return _CommandOutcome(answer=taken.answer)
        except StoreError:
            raise  # then the audit cannot be written either
        except AxiomError as error:
            return _CommandOutcome(error=error)
        return _CommandOutcome(answer=answer)

    def _apply(self, db: Database, submission: _Submission, spent: SpentToday, now: datetime) -> Answer:
        answer = submission.command.apply(db, self.laboratory, submission.prepared, now)
        if refusal := _refusal(check_core_hours(submission.caller, answer.get("most_core_hours", 0.0), spent)):
            raise refusal
        if submission.dry_run:
            # Of what is done later the hash is another one: it covers the moment.
            raise _DryRunRollback({name: answer[name] for name in answer if name != "hash"} | {"dry_run": True})
        return answer

    def _read_spent(self, db: Database, submission: _Submission, request: CommandCost, since: datetime) -> SpentToday:
        caller = submission.caller
        had = spent_allowances.sum_caller_spending(db, caller.name, since)
        most = daily_command_limit(caller, request)
        uses = tried = 0
        if most is not None:
            uses = spent_allowances.count_commands_given(db, caller.name, request.command, since, dry_run=False)
            if submission.dry_run:
                tried = spent_allowances.count_commands_given(db, caller.name, request.command, since, dry_run=True)
        is_full = most is not None and max(uses, tried / program_limits.DRY_RUNS) >= most
        proposals = caller.limits.open_proposals if request.proposals else math.inf
        is_limited = min(caller.limits.core_hours_open, proposals) < math.inf
        orders = self.open_orders(db, caller.name) if is_limited else OpenOrders()
        return SpentToday(
            workunits=had["workunits"],
            aborts=had["aborts"],
            core_hours=had["core_seconds"] / 3_600.0,
            core_hours_open=orders.core_hours,
            open_proposals=orders.proposals,
            uses=uses,
            tried=tried,
            next_at=_next_at(db, submission, most, since) if most and is_full else None,
        )


def _refusal(permission: Permission) -> AxiomError | None:
    if permission.allowed:
        return None
    kind = LimitReached if permission.within_capability else NotAllowed
    return kind(f"{permission.reason}. Nothing was done.")


def _repetition(db: Database, submission: _Submission, since: datetime) -> AxiomError | None:
    """A program that goes in circles is told so, with the answer that it had."""
    if not submission.caller.is_program:
        return None
    name, words = submission.command.name, submission.arguments
    before = audit.list_alike_commands(
        db,
        submission.caller.name,
        name,
        words,
        dry_run=submission.dry_run,
        since=since,
        limit=program_limits.SAME_COMMANDS,
    )
    if len(before) < program_limits.SAME_COMMANDS:
        return None
    return LimitReached(
        f"{submission.caller.name} gave this very {name} {program_limits.SAME_COMMANDS} times within a day, and it was "
        f"{before[0]['outcome']}: {before[0]['answer']} Nothing was done; say something else."
    )


def _next_at(db: Database, submission: _Submission, most: int, since: datetime) -> datetime:
    """When fewer than the most are within a day, with the one that is refused now."""
    caller, command, a_day = submission.caller.name, submission.command.name, timedelta(days=1)
    others = program_limits.DRY_RUNS * most - 2 if submission.dry_run else most - 2
    if others < 0:
        return since + 2 * a_day
    alike = spent_allowances.find_earlier_command_time(db, caller, command, since, others, dry_run=submission.dry_run)
    real = (
        spent_allowances.find_earlier_command_time(db, caller, command, since, most - 1, dry_run=False)
        if submission.dry_run
        else None
    )
    return max(given_at for given_at in (alike, real, since) if given_at) + a_day
