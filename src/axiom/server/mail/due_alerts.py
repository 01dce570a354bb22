"""Decides when the operator is told of trouble: through the outbox, or past it where nothing can be stored any more.

What an alert says stands in `axiom.web.mail`.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.errors import StoreError
from axiom.rules.mail.alerts import AlertWord, next_alert_word
from axiom.server.mail.sending import Outgoing
from axiom.store.connections import ReaderPool
from axiom.store.engine.database import Database
from axiom.store.mail import alerts, outbox
from axiom.store.mail.alerts import LatestAlert
from axiom.store.mail.outbox import OutboxMessage
from axiom.store.writer import Writer

log = logging.getLogger("axiom.mail")


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    kind: str
    says: str
    cure: str = ""


class DueAlerts:
    """Remembers what the operator was told. What is in memory holds also where it could not be stored."""

    def __init__(
        self,
        writer: Writer,
        readers: ReaderPool,
        now: Callable[[], datetime],
        channels: Sequence[Outgoing],
        complaints: Callable[[], Iterable[Complaint]],
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._now = now
        self._channels = channels
        self._complaints = complaints
        self._told: dict[str, LatestAlert] | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        with self._lock:
            now, earlier = self._now(), self._latest()
            news = _news({complaint.kind: complaint for complaint in self._complaints()}, earlier, now)
            if news:
                self._tell(news, now)

    def _latest(self) -> dict[str, LatestAlert]:
        if self._told is None:
            with self._readers.reader() as db:
                self._told = {alert.kind: alert for alert in alerts.list_latest_alerts(db)}
        return self._told

    def _tell(self, news: list[tuple[LatestAlert, dict[str, str]]], now: datetime) -> None:
        try:
            self._writer.run(lambda db: self._store(db, news, now))
        except StoreError as error:
            log.error("alert.not_stored %s", error)
            for channel in self._channels:
                for number, (_, facts) in enumerate(news):
                    apart = now + number * timedelta.resolution  # by its time alone whoever gets it knows a repeat
                    channel.send_now(_alert_message(channel.channel, facts, apart))
        self._latest().update({alert.kind: alert for alert, _ in news})

    def _store(self, db: Database, news: list[tuple[LatestAlert, dict[str, str]]], now: datetime) -> None:
        for alert, facts in news:
            alerts.store_alert(db, alert)
            for channel in self._channels:
                outbox.add_message(db, outbox.ALERT, now, facts=facts, channel=channel.channel)


def _news(
    complaints: dict[str, Complaint], earlier: dict[str, LatestAlert], now: datetime
) -> list[tuple[LatestAlert, dict[str, str]]]:
    news = []
    for kind in sorted(complaints | earlier):
        trouble, before = complaints.get(kind), earlier.get(kind)
        word = next_alert_word(
            trouble.says if trouble else None,
            before.says if before else "",
            before.told_at if before else None,
            is_over=before.is_over if before else False,
            now=now,
        )
        if word is None:
            continue
        says = trouble.says if trouble else before.says if before else ""
        told_at = before.told_at if word is AlertWord.OVER and before else now
        remembered = LatestAlert(kind=kind, says=says, told_at=told_at, is_over=word is AlertWord.OVER)
        cure = trouble.cure if trouble else ""
        news.append((remembered, {"alert": kind, "word": str(word), "says": says, "cure": cure}))
    return news


def _alert_message(channel: str, facts: dict[str, str], now: datetime) -> OutboxMessage:
    return OutboxMessage(
        id=0, channel=channel, kind=outbox.ALERT, volunteer_id=None, facts=facts, created_at=now, sent_at=None
    )
