"""What each mail of the outbox says, in words made when it is sent. None where nobody needs it any more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from axiom.domain.headlines import numbers
from axiom.limits import accounts as account_limits
from axiom.limits import mail as limits
from axiom.reads.leaderboards import THOUSANDTHS
from axiom.signed.mail_links import LinkPurpose, link_token
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.mail import outbox
from axiom.store.mail.outbox import OutboxMessage
from axiom.store.views import findings
from axiom.web.mail.email_format import Letter, LetterLink, MailEnvelope, compose_email, one_line
from axiom.web.mail.posted_alerts import summarize_alert
from axiom_weigh.amounts import tell_amount


@dataclass(frozen=True, kw_only=True)
class Letters:
    name: str
    master: str  # the laboratory's address; ends in a slash
    secret: bytes = field(repr=False)  # by which its links are signed
    sender: str = ""
    alert_mail: str = ""

    def mail(self, db: Database | None, row: OutboxMessage, now: datetime) -> EmailMessage | None:
        """A mail to a volunteer, or to the operator, which needs no records."""
        if row.volunteer_id is None or db is None:
            return self.operator_mail(row)
        owner = accounts.find_account(db, row.volunteer_id)
        email = owner[1].email if owner else None
        if owner is None or email is None:
            return None
        is_confirmed = accounts.read_confirmation_time(db, row.volunteer_id) is not None
        if is_confirmed == (row.kind == outbox.CONFIRM):
            return None  # it is confirmed by now; or it is another address by now, which is not
        makers: dict[str, Callable[[], Letter | None]] = {
            outbox.CONFIRM: lambda: self._confirm(owner[0].id, email),
            outbox.RESET: lambda: self._reset(row, owner[0].id, owner[1].password_serial, now),
            outbox.DIGEST: lambda: self._digest(db, row, owner[0].id),
            outbox.SILENCE: lambda: self._silence(db, row, owner[0].id),
        }
        letter = makers[row.kind]()
        return compose_email(letter, self._envelope(row, email)) if letter else None

    def operator_mail(self, row: OutboxMessage) -> EmailMessage:
        return compose_email(self._alert(row), self._envelope(row, self.alert_mail))

    def trial(self) -> Letter:
        """What the operator sends to see whether mail arrives."""
        return self._letter(
            subject=f"A test mail from {self.name}",
            opening=["The operator of this laboratory asked for this mail. It arrived, so mail works."],
        )

    def _letter(
        self,
        *,
        subject: str,
        opening: list[str],
        items: list[LetterLink] | None = None,
        action: LetterLink | None = None,
        closing: list[str] | None = None,
        unsubscribe: str = "",
    ) -> Letter:
        return Letter(
            lab=self.name,
            master=self.master,
            subject=subject,
            opening=opening,
            items=items or [],
            action=action,
            closing=closing or [],
            unsubscribe=unsubscribe,
        )

    def _envelope(self, row: OutboxMessage, to: str) -> MailEnvelope:
        return MailEnvelope(sender=self.sender, to=to, number=row.id, written_at=row.created_at)

    def _confirm(self, volunteer_id: int, email: str) -> Letter:
        token = link_token(self.secret, LinkPurpose.CONFIRM, volunteer_id, email)
        return self._letter(
            subject=f"Confirm your e-mail address for {self.name}",
            opening=[
                f"Somebody used this address for an account of {self.name}, a laboratory that computes on volunteers' "
                "computers.",
                "If it was you, please confirm that the address is yours. Your account works without that. A confirmed "
                "address lets you choose a new password when you forget yours, and get the mail that you ask for.",
            ],
            action=LetterLink(words="Confirm this address", href=f"{self.master}account/confirm?token={token}"),
            closing=["If it was not you, please do nothing. This address then gets no further mail."],
        )

    def _reset(self, row: OutboxMessage, volunteer_id: int, serial: int, now: datetime) -> Letter | None:
        expires = row.created_at + account_limits.PASSWORD_LINK_FOR
        if now >= expires:
            return None
        token = link_token(self.secret, LinkPurpose.RESET, volunteer_id, str(serial), expires=expires)
        return self._letter(
            subject=f"A new password for {self.name}",
            opening=[f"Somebody asked for a new password for your account at {self.name}."],
            action=LetterLink(words="Choose a new password", href=f"{self.master}account/reset?token={token}"),
            closing=[
                f"The link works once, until {numbers.format_moment(expires.isoformat())}.",
                "If it was not you, please do nothing. Your password stays as it is.",
            ],
        )

    def _digest(self, db: Database, row: OutboxMessage, volunteer_id: int) -> Letter | None:
        wanted, earned = row.facts["findings"], row.facts["credit"] / THOUSANDTHS
        stored = findings.read_finding_views(db, wanted)
        items = [
            LetterLink(words=one_line(stored[number].answer), href=f"{self.master}findings/{number}")
            for number in wanted
            if number in stored
        ]
        since, credit = numbers.format_moment(row.facts["since"]), numbers.format_number(earned)
        more = [f"And {len(items) - limits.DIGEST_ITEMS} more."] if len(items) > limits.DIGEST_ITEMS else []
        if items:
            subject = items[0].words
            opening = [f"Results of your computers helped to find {tell_amount(len(items), 'answer')} since {since}:"]
            closing = [*more, f"Your computers earned {credit} credit in this time."]
        else:
            subject = f"Your computers earned {credit} credit"
            opening = [
                f"Your computers earned {credit} credit since {since}.",
                "No question that they compute for got a new answer in this time.",
            ]
            closing = []
        return self._letter(
            subject=subject,
            opening=opening,
            items=items[: limits.DIGEST_ITEMS],
            action=LetterLink(
                words="Everything that your computers helped to find", href=f"{self.master}volunteers/{volunteer_id}"
            ),
            closing=closing,
            unsubscribe=self._unsubscribe(LinkPurpose.DIGEST, volunteer_id),
        )

    def _silence(self, db: Database, row: OutboxMessage, volunteer_id: int) -> Letter | None:
        own = [hosts.find_host(db, number) for number in row.facts["hosts"]]
        silent = [host for host in own if host is not None and host.seen_at < row.created_at]
        if not silent:
            return None  # all of them were heard from since
        single = len(silent) == 1
        return self._letter(
            subject=f"{one_line(silent[0].name)} is silent"
            if single
            else f"{len(silent)} of your computers are silent",
            opening=[
                f"{self.name} has heard nothing from {'this computer' if single else 'these computers'} for a week:"
            ],
            items=[
                LetterLink(
                    words=f"{one_line(host.name)}, last heard from on "
                    f"{numbers.format_moment(host.seen_at.isoformat())}",
                    href=f"{self.master}hosts/{host.id}",
                )
                for host in silent
            ],
            closing=[
                "Please look whether the computer is on and has a network, whether BOINC runs, and whether the BOINC "
                "Manager says that computing or this project is suspended. There, Update calls the laboratory at once.",
                "If you stopped it on purpose, there is nothing to do. We write about each silence once.",
            ],
            unsubscribe=self._unsubscribe(LinkPurpose.SILENCE, volunteer_id),
        )

    def _alert(self, row: OutboxMessage) -> Letter:
        facts, sentence = row.facts, summarize_alert(row)
        opening = [f"{numbers.begin_sentence(sentence)}."]
        return self._letter(
            subject=f"[{self.name}] {summarize_alert(row)}",
            opening=opening + ([f"What helps: {facts['cure']}."] if facts["cure"] else []),
            action=LetterLink(words="The laboratory's status", href=f"{self.master}status"),
            closing=["You hear of one kind of trouble once an hour at most, and once when it is over."],
        )

    def _unsubscribe(self, purpose: LinkPurpose, volunteer_id: int) -> str:
        return f"{self.master}account/unsubscribe?token={link_token(self.secret, purpose, volunteer_id)}"
