"""Sends what waits in the outbox, one channel each: after the commit that wrote it, until the server has taken it.

A message counts as sent when that is on the disk. If the process is killed between the server's answer and the disk,
the message is sent once more with the same number, by which whoever gets it knows it again.
"""

import functools
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from axiom.limits import mail as limits
from axiom.rules.mail.retries import next_mail_try, server_rest_time
from axiom.server.mail.carriers import DeliveryFailed, MailServer, WebAddress
from axiom.store.connections import ReaderPool
from axiom.store.engine.database import Database
from axiom.store.mail import outbox
from axiom.store.mail.outbox import OutboxMessage
from axiom.store.writer import Writer

log = logging.getLogger("axiom.mail")


Carrier = MailServer | WebAddress


class Outgoing:
    """The messages of one channel on their way out. One thread at a time calls it."""

    def __init__(
        self,
        channel: str,
        carrier: Carrier,
        compose: Callable[[Database | None, OutboxMessage, datetime], Any],
        writer: Writer,
        readers: ReaderPool,
        now: Callable[[], datetime],
    ) -> None:
        self.channel = channel
        self.trouble = ""  # why nothing is taken at the moment
        self._carrier = carrier
        self._compose = compose
        self._writer = writer
        self._readers = readers
        self._now = now
        self._taken: set[int] = set()  # by the server, which is not on the disk yet
        self._failures = 0
        self._rests_until: datetime | None = None

    def send(self) -> None:
        self._record()
        now = self._now()
        if self._rests_until is not None and now < self._rests_until:
            return
        letters = self._letters(now)
        if not letters:
            self.trouble = ""
            return
        try:
            with self._carrier.open() as deliver:
                for row, letter in letters:
                    self._send_one(row, letter, deliver)
        except DeliveryFailed as error:
            self._rest(error)
        else:
            self._failures, self._rests_until, self.trouble = 0, None, ""

    def send_now(self, message: OutboxMessage) -> None:
        """Send an alert that cannot be stored, without a look at the records; where that fails, the log says so."""
        try:
            letter = self._compose(None, message, self._now())
            with self._carrier.open() as deliver:
                deliver(letter)
        except DeliveryFailed as error:
            log.error("mail.lost channel=%s kind=%s %s", self.channel, message.kind, error)

    def _letters(self, now: datetime) -> list[tuple[OutboxMessage, Any]]:
        made = []
        with self._readers.reader() as db:
            for row in outbox.list_due_messages(db, self.channel, now, limits.SENT_AT_ONCE):
                try:
                    letter = self._compose(db, row, now)
                except (ValueError, LookupError):  # a fault of ours in one message must not hold up the others
                    log.exception("mail.fault channel=%s id=%d kind=%s", self.channel, row.id, row.kind)
                    self._put_off(row)
                    continue
                if letter is None:
                    log.info("mail.outdated channel=%s id=%d kind=%s", self.channel, row.id, row.kind)
                    self._writer.run(functools.partial(outbox.discard_message, message_id=row.id))
                    continue
                made.append((row, letter))
        return made

    def _send_one(self, row: OutboxMessage, letter: Any, deliver: Callable[[Any], None]) -> None:
        try:
            deliver(letter)
        except DeliveryFailed as error:
            if error.is_whole:
                raise
            self._put_off(row, error)
            return
        self._taken.add(row.id)
        self._record()
        log.info("mail.sent channel=%s id=%d kind=%s", self.channel, row.id, row.kind)

    def _record(self) -> None:
        """Store what the server has taken, before anything else is sent: else it would be sent again and again."""
        for number in sorted(self._taken):
            self._writer.run(functools.partial(outbox.mark_message_sent, message_id=number, now=self._now()))
            self._taken.discard(number)

    def _put_off(self, row: OutboxMessage, error: DeliveryFailed | None = None) -> None:
        until = None if error is not None and error.is_final else next_mail_try(row.created_at, self._now())
        why = error or "its words could not be made"
        if until is None:
            log.error("mail.given_up channel=%s id=%d kind=%s %s", self.channel, row.id, row.kind, why)
            self._writer.run(lambda db: outbox.discard_message(db, row.id))
        else:
            log.warning("mail.refused channel=%s id=%d kind=%s %s", self.channel, row.id, row.kind, why)
            self._writer.run(lambda db: outbox.postpone_message(db, row.id, until))

    def _rest(self, error: DeliveryFailed) -> None:
        self._failures += 1
        self.trouble, pause, now = str(error), server_rest_time(self._failures), self._now()
        self._rests_until = now + pause
        log.error("mail.waits channel=%s again_in=%.0fs %s", self.channel, pause.total_seconds(), error)
        for row in self._writer.run(lambda db: outbox.discard_old_messages(db, self.channel, now - limits.KEPT_FOR)):
            log.error("mail.given_up channel=%s id=%d kind=%s %s", self.channel, row.id, row.kind, error)
