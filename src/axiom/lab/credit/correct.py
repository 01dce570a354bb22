"""Sets right what was awarded, by a further award, and books what waited behind a cap when somebody approves it."""

from collections.abc import Sequence
from datetime import datetime

from axiom.decisions.credit.prices import FIXED
from axiom.domain.credit import Award, Reason
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, WrongUse
from axiom.lab.credit.booking import book, book_pending
from axiom.lab.credit.pay import tariff_of
from axiom.store.credit import ledger, settlements
from axiom.store.credit.settlements import Pending
from axiom.store.engine.database import Database, Row


def correct(db: Database, task_id: int, amount: int, because: str, now: datetime) -> Award:
    """Award so many thousandths more, or take them back: a contra entry. What was booked stays as it is."""
    payee, before = ledger.payee(db, task_id), ledger.of_task(db, task_id)
    if payee is None:
        raise NotFound(f"There is no task {task_id} that a host has had. Nothing was booked.")
    if payee["state"] == "valid" and not payee["is_paid"]:
        raise Refused(f"Task {task_id} still waits for its credit. Nothing was booked; ask again in a second.")
    if payee["returned_at"] is None:
        raise Refused(f"Task {task_id} has not come back. Nothing was booked.")
    _refuse_before_its_award(db, task_id, payee)
    had = sum(one.amount for one in before)
    if amount == 0 or had + amount < 0:
        raise WrongUse(
            f"Task {task_id} has {had / 1_000:g} credit in all, and {amount / 1_000:g} would be added. Nothing was "
            "booked: a correction changes something, and nobody has less than nothing for a task."
        )
    corrections = sum(one.reason.startswith(Reason.CORRECTION) for one in before)
    award = Award(
        task_id=task_id,
        reason=f"{Reason.CORRECTION} {corrections + 1}" if corrections else Reason.CORRECTION,
        host_id=before[0].host_id if before else payee["host_id"],
        volunteer_id=before[0].volunteer_id if before else payee["volunteer_id"],
        team_id=before[0].team_id if before else payee["team_id"],
        amount=amount,
        because=because,
        tier=FIXED,
    )
    tariff_id, _ = tariff_of(db, now)
    book(db, [award], tariff_id=tariff_id, session_id=None, now=now, is_capped=False)
    return award


def _refuse_before_its_award(db: Database, task_id: int, payee: Row) -> None:
    """A correction is of what was awarded; one that comes first would be paid beside the award."""
    if payee["state"] in {TaskState.FAILED, TaskState.ABORTED} and not payee["is_paid"]:
        raise Refused(
            f"Task {task_id} has failed, and no session has looked at its credit yet. Nothing was booked; the next "
            "session does."
        )
    if held := settlements.of_task(db, task_id):
        raise Refused(
            f"Award {held[0].id} for task {task_id} waits, since a session's cap was reached. Nothing was booked; "
            f"`axiom ledger approve {held[0].id}` books it, and then it can be corrected."
        )


def approve(db: Database, numbers: Sequence[int], because: str, now: datetime) -> list[Pending]:
    """Book awards that wait, beyond the session's cap; all of these or none."""
    freed = []
    for number in dict.fromkeys(numbers):
        found = settlements.pending(db, number)
        if found is None:
            raise NotFound(f"No award {number} waits. None was booked; `axiom ledger pending` shows which do.")
        freed.append(found)
    why = f"; approved beyond the session's cap: {because}"
    book_pending(db, freed, session_id=None, now=now, is_capped=False, why=why)
    return freed
