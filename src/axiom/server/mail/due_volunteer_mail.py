"""Decides which digests and which news of silent computers are due. Their words are made when they are sent."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from axiom.limits import mail as limits
from axiom.rules.mail.digest_news import is_new_answer
from axiom.store.connections import ReaderPool
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.mail import outbox, subscriptions
from axiom.store.mail.subscriptions import DueDigest
from axiom.store.views import findings
from axiom.store.views.contributions import SupportCounter
from axiom.store.views.findings import FindingView
from axiom.store.writer import Writer

_AT_ONCE = 100  # digests between two looks


@dataclass(frozen=True, kw_only=True)
class DueMail:
    """Looks for what is to be told. Digests are counted beside the writer, and written through it."""

    writer: Writer
    readers: ReaderPool
    now: Callable[[], datetime]
    heard_since: datetime  # from then on computers could report again: the laboratory was away before
    support: SupportCounter = field(default_factory=SupportCounter)

    def tell(self) -> None:
        self._digests()
        silent_since = self.now() - limits.SILENT_FOR
        if self.now() >= self.heard_since:
            self.writer.run(lambda db: tell_of_silence(db, silent_since, self.now()))

    def _digests(self) -> None:
        while True:
            now = self.writer.run(lambda _: self.now())  # whatever was weighed before it is stored by now
            with self.readers.reader() as db:
                due = subscriptions.list_due_digests(db, now - limits.DIGEST_EVERY, _AT_ONCE)
                digests = [(digest, *self._digest(db, digest, now)) for digest in due]
            for digest, credit, numbers in digests:
                self.writer.run(functools.partial(tell_digest, due=digest, credit=credit, numbers=numbers, now=now))
            if len(due) < _AT_ONCE:
                return

    def _digest(self, db: Database, due: DueDigest, now: datetime) -> tuple[int, list[int]]:
        balance = ledger.find_balance(db, ledger.VOLUNTEER, due.volunteer_id)
        own = [host.id for host in hosts.list_volunteer_hosts(db, due.volunteer_id)]
        shares = sorted(self.support.of_hosts(db, own), key=lambda share: -share.replicates) if own else []
        views = findings.read_finding_views(db, [share.finding for share in shares])
        numbers = [share.finding for share in shares if _is_new(db, views[share.finding], due.told_until, now)]
        return (balance.total if balance else 0), numbers


def _is_new(db: Database, view: FindingView, since: datetime, now: datetime) -> bool:
    if view.finding.status != "open" or view.line is None or view.line.weighed_at <= since:
        return False  # its whole history need not be read
    history = [line for line in findings.list_evidence_history(db, view.finding.number) if line.weighed_at <= now]
    return is_new_answer([(line.weighed_at, line.evidence.verdict) for line in history], since)


def tell_digest(db: Database, due: DueDigest, credit: int, numbers: list[int], now: datetime) -> None:
    earned = max(0, credit - due.told_credit)
    if subscriptions.record_digest(db, due, until=now, credit=credit) and (numbers or earned):
        facts = {"since": due.told_until.isoformat(), "credit": earned, "findings": numbers}
        outbox.add_message(db, outbox.DIGEST, now, volunteer_id=due.volunteer_id, facts=facts)


def tell_of_silence(db: Database, silent_since: datetime, now: datetime) -> None:
    """Write to everybody who asked for it and has a computer that fell silent. Each silence is told once."""
    for volunteer_id, host_ids in subscriptions.list_silent_hosts(db, silent_since).items():
        outbox.add_message(db, outbox.SILENCE, now, volunteer_id=volunteer_id, facts={"hosts": host_ids})
        subscriptions.mark_subscription_told(db, volunteer_id, outbox.SILENCE, silent_since)
