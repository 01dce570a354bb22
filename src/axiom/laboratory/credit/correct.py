"""Sets right what was awarded, by a further award."""

from datetime import datetime

from axiom.domain.credit import Award, Reason
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, WrongUse
from axiom.laboratory.credit.book_awards import pay_awards
from axiom.laboratory.credit.pay import read_tariffs
from axiom.laboratory.credit.rules.prices import FIXED
from axiom.store.credit import ledger
from axiom.store.engine.database import Database


def correct_award(db: Database, task_id: int, amount: int, because: str, now: datetime) -> Award:
    """Award so many thousandths more, or take them back: a contra entry. What was booked stays as it is.

    A correction that came before its award would be paid beside it.
    """
    payee, before = ledger.find_payee(db, task_id), ledger.list_task_awards(db, task_id)
    if payee is None:
        raise NotFound(f"There is no task {task_id} that a host has had. Nothing was booked.")
    is_due = payee["state"] == TaskState.VALID and not payee["is_paid"]
    if is_due or payee["state"] == TaskState.RETURNED:
        raise Refused(f"Task {task_id} still waits for its credit. Nothing was booked; ask again when it has some.")
    if payee["returned_at"] is None:
        raise Refused(f"Task {task_id} has not come back. Nothing was booked.")
    if TaskState(payee["state"]).may_be_thanked and not payee["is_paid"]:
        raise Refused(
            f"Task {task_id} has failed, and no session has looked at its credit yet. Nothing was booked; the next "
            "session does."
        )
    had = sum(entry.amount for entry in before)
    if amount == 0 or had + amount < 0:
        raise WrongUse(
            f"Task {task_id} has {had / 1_000:g} credit in all, and {amount / 1_000:g} would be added. Nothing was "
            "booked: a correction changes something, and nobody has less than nothing for a task."
        )
    corrections = sum(entry.reason.startswith(Reason.CORRECTION) for entry in before)
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
    pay_awards(db, [award], tariff_id=read_tariffs(db, now)[-1].id, now=now, is_capped=False)
    return award
