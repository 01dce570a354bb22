"""Takes what a client reports of its tasks, and has it judged and paid at once where few report."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from axiom.boinc.requests import SchedulerRequest
from axiom.errors import StoreError
from axiom.limits import server as limits
from axiom.server.returns.reporting import take_reports
from axiom.server.scheduler.identify import Identity, reread_identity
from axiom.server.scheduler.tasks_on_client import read_reports, record_progress
from axiom.signed.trust import Trust
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder

log = logging.getLogger("axiom.rpc")


class ReportRate:
    """So many reports a second are judged at once; what comes beyond waits for the next round of the validator."""

    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may_judge(self, now: datetime) -> bool:
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= limits.REPORTS_A_SECOND


@dataclass(frozen=True, kw_only=True)
class ReportRecorder:
    folder: Folder
    trust: Trust
    judge_and_pay: Callable[[Database, datetime], None]
    rate: ReportRate = field(default_factory=ReportRate)

    def record_reports(self, db: Database, request: SchedulerRequest, identity: Identity, now: datetime) -> Identity:
        """The host as its reports have left it."""
        host_id = identity.host.id
        reports = read_reports(db, host_id, request.results, now)
        taken = take_reports(db, self.folder, reports, now, trust=self.trust)
        if request.trickles:
            record_progress(db, host_id, request.trickles, now)
        is_paid = bool(reports) and self.rate.may_judge(now) and self._judge_at_once(db, now)
        if is_paid or not all(answer.left_standing for answer in taken):
            return reread_identity(db, identity, is_paid=is_paid)
        return identity

    def _judge_at_once(self, db: Database, now: datetime) -> bool:
        """Judge and pay, so that this very reply can show the credit. A fault there is none of the reports'."""
        try:
            with db.savepoint():
                self.judge_and_pay(db, now)
        except StoreError:
            raise  # it may have taken the whole transaction with it
        except Exception:
            log.exception("rpc.unsettled what was reported is left to the jobs")
            return False
        return True
