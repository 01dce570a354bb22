"""Changes for which the laboratory has to be stopped: done by this process, each with its entry in the audit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.commands.command import Answer
from axiom.errors import AxiomError
from axiom.service.open_laboratory import prepare_database, writer_of
from axiom.service.standard_callers import operator
from axiom.settings import from_process
from axiom.signed.canonical_json import canonical
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, lock
from axiom.store.upkeep import audit
from axiom.store.upkeep.audit import AuditEntry


@dataclass(frozen=True, kw_only=True)
class _ChangeOutcome:
    answer: Answer
    error: AxiomError | None = None


def audited(folder: Folder, command: str, words: Mapping[str, Any], change: Callable[[], Answer]) -> Answer:
    """Do it under the folder's lock, and remember who did it and what came of it; also that it was refused.

    Before there is a laboratory there is no audit: keys that are brought first are its beginning.
    """
    with lock(folder, f"axiom {command.replace('.', ' ')}"):
        if not folder.exists():
            return change()
        settings, _ = from_process(folder.settings)
        clock = prepare_database(folder)
        writer = writer_of(folder, settings, clock.now)
        writer.start()
        try:
            ended = writer.run(lambda db: _remembered(db, command, words, change, clock.now()))
        finally:
            writer.stop()
    if ended.error is not None:
        raise ended.error
    return ended.answer


def _remembered(
    db: Database, command: str, words: Mapping[str, Any], change: Callable[[], Answer], now: datetime
) -> _ChangeOutcome:
    try:
        ended = _ChangeOutcome(answer=change())
    except AxiomError as error:
        ended = _ChangeOutcome(answer={"error": str(error)}, error=error)
    entry = AuditEntry(
        caller=operator().name,
        command=command,
        arguments=canonical(words).decode(),
        dry_run=False,
        key=None,
        outcome="refused" if ended.error else "done",
        answer=canonical(ended.answer).decode(),
    )
    audit.append(db, entry, now)
    return ended
