"""A small laboratory that sends mail through a real server."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mail_servers import MAIL_PASSWORD, USER
from started_writer import started_writer

from axiom.server.mail.carriers import MailServer
from axiom.server.mail.sending import Carrier, Outgoing
from axiom.store.accounts import accounts
from axiom.store.connections import ReaderPool
from axiom.store.mail import outbox
from axiom.store.mail.outbox import OutboxMessage
from axiom.store.writer import Writer
from axiom.web.mail.letters import Letters

SENDER, OPERATOR = "axiom@lab.example", "operator@lab.example"
WORDS = Letters(
    name="Small & Sons", master="https://lab.example/", secret=b"canary", sender=SENDER, alert_mail=OPERATOR
)


@dataclass
class MailLab:
    lab: Any
    writer: Writer
    readers: ReaderPool

    def volunteer(self, name: str, *, is_confirmed: bool = True) -> int:
        def make(db: Any) -> int:
            email = f"{name.lower()}@mail.example"
            made = accounts.create_account(db, name=name, email=email, password="", cross_id="", now=self.lab.now)
            if is_confirmed:
                accounts.confirm_email(db, made, self.lab.now)
            return made

        return self.writer.run(make)

    def write(self, kind: str, volunteer: int | None = None, channel: str = outbox.MAIL, **facts: Any) -> int:
        add = outbox.add_message
        return self.writer.run(
            lambda db: add(db, kind, self.lab.now, volunteer_id=volunteer, facts=facts, channel=channel)
        )

    def waiting(self) -> list[OutboxMessage]:
        with self.readers.reader() as db:
            rows = db.select("SELECT DISTINCT channel FROM outbox")
            return [
                each
                for row in rows
                for each in outbox.list_due_messages(db, row["channel"], self.lab.now.replace(year=2100), 1_000)
            ]

    def outgoing(
        self, carrier: Carrier, channel: str = outbox.MAIL, compose: Callable[..., Any] = WORDS.mail
    ) -> Outgoing:
        return Outgoing(channel, carrier, compose, self.writer, self.readers, lambda: self.lab.now)


@contextlib.contextmanager
def mail_lab(lab: Any) -> Iterator[MailLab]:
    with started_writer(lab) as writer, contextlib.closing(ReaderPool(lab.folder)) as readers:
        yield MailLab(lab=lab, writer=writer, readers=readers)


def server_on(port: int, security: str = "none", user: str = USER, password: str = MAIL_PASSWORD) -> MailServer:
    """How the laboratory reaches the server on this port; without security it does not sign in."""
    return MailServer(
        host="127.0.0.1",
        port=port,
        security=security,
        user=user if security != "none" else "",
        password=password,
        sender=SENDER,
    )
