"""The gate that every command passes: caller, limits, dry run, idempotency key, audit.

All of it happens in one transaction of the writer, so that a command is done and audited, or neither.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from axiom.commands.base import Answer, Command
from axiom.commands.context import Laboratory
from axiom.decisions.accounts.command_limits import CommandCost, SpentToday, may
from axiom.domain.callers import Caller
from axiom.errors import AxiomError, KeyReused, LimitReached, NotAllowed, StoreError
from axiom.signed.canonical_json import canonical
from axiom.store.engine.database import Database
from axiom.store.upkeep import audit
from axiom.store.upkeep.audit import Audited
from axiom.store.writer import Writer


class _TakenBack(Exception):
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
        """The words of the command as they are audited."""
        return canonical(self.command.audited()).decode()


@dataclass(frozen=True, kw_only=True)
class _Passed:
    """How a command ended inside the transaction: an answer, or the error its caller gets."""

    answer: Answer = field(default_factory=dict)
    error: AxiomError | None = None


@dataclass(frozen=True, kw_only=True)
class CommandGate:
    """The one way to change something."""

    writer: Writer
    laboratory: Laboratory
    now: Callable[[], datetime]

    def submit(self, command: Command, caller: Caller, *, dry_run: bool = False, key: str | None = None) -> Answer:
        """Do a command, or show what it would do, and return its answer.

        The same key and command again give the first answer and change nothing.
        """
        permission = may(caller, CommandCost(command=command.name, capability=command.capability), SpentToday())
        prepared, fault = self._prepare(command) if permission.allowed else (None, None)
        asked = _Submission(command=command, caller=caller, prepared=prepared, fault=fault, dry_run=dry_run, key=key)
        passed = self.writer.run(lambda db: self._pass(db, asked))
        if passed.error is not None:
            raise passed.error
        if not dry_run:
            command.finish(self.laboratory)
        return passed.answer

    def _prepare(self, command: Command) -> tuple[Any, AxiomError | None]:
        """What the command works with, or why there is none: that is audited like every other refusal."""
        try:
            return command.prepare(self.laboratory), None
        except StoreError:
            raise
        except AxiomError as error:
            return None, error

    def _pass(self, db: Database, asked: _Submission) -> _Passed:
        before = self._done_before(db, asked)
        if before is not None and before.error is None:
            return before
        now = self.now()
        request = asked.command.request(db)
        passed = before or self._try(db, asked, request, now)
        refused = passed.error is not None
        entry = Audited(
            caller=asked.caller.name,
            command=asked.command.name,
            arguments=asked.arguments,
            dry_run=asked.dry_run,
            # A refused or dry command leaves its key free: the caller may mend what was wrong and ask again.
            key=None if asked.dry_run or refused else asked.key,
            outcome="refused" if refused else "done",
            answer=canonical({"error": str(passed.error)} if refused else passed.answer).decode(),
            workunits=request.workunits,
            aborts=request.aborts,
        )
        audit.append(db, entry, now)
        return passed

    def _done_before(self, db: Database, asked: _Submission) -> _Passed | None:
        """The first answer to this key, or an error when the key stood for something else."""
        if asked.key is None or asked.dry_run:
            return None
        before = audit.by_key(db, asked.caller.name, asked.key)
        if before is None:
            return None
        if (before["command"], before["arguments"]) == (asked.command.name, asked.arguments):
            return _Passed(answer={**json.loads(before["answer"]), "repeated": True})
        return _Passed(
            error=KeyReused(
                f"The key {asked.key!r} belongs to another {before['command']}; nothing was done. Take a new key."
            )
        )

    def _try(self, db: Database, asked: _Submission, request: CommandCost, now: datetime) -> _Passed:
        permission = may(asked.caller, request, _spent(db, asked.caller, request, now - timedelta(days=1)))
        if not permission.allowed:
            refusal = LimitReached if permission.within_capability else NotAllowed
            return _Passed(error=refusal(f"{permission.reason}. Nothing was done."))
        if asked.fault is not None:
            return _Passed(error=asked.fault)
        try:
            with db.savepoint():
                answer = self._apply(db, asked, now)
        except _TakenBack as taken:
            return _Passed(answer=taken.answer)
        except StoreError:
            raise  # then the audit cannot be written either
        except AxiomError as error:
            return _Passed(error=error)
        return _Passed(answer=answer)

    def _apply(self, db: Database, asked: _Submission, now: datetime) -> Answer:
        answer = asked.command.apply(db, self.laboratory, asked.prepared, now)
        if asked.dry_run:
            raise _TakenBack({**answer, "dry_run": True})
        return answer


def _spent(db: Database, caller: Caller, request: CommandCost, since: datetime) -> SpentToday:
    had = audit.spent(db, caller.name, since)
    given = audit.given(db, caller.name, request.command, since) if request.most_a_day is not None else 0
    return SpentToday(workunits=had["workunits"], aborts=had["aborts"], given=given)
