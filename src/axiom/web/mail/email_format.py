"""A letter as a mail: plain text and HTML of the same words, which loads nothing from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment

from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.web.site.templates import template_environment

_MOST_SUBJECT = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterLink:
    """Words, and where they lead."""

    words: str
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    lab: str
    master: str  # the laboratory's address; ends in a slash
    subject: str
    opening: Sequence[str]
    items: Sequence[LetterLink] = ()
    action: LetterLink | None = None
    closing: Sequence[str] = ()
    unsubscribe: str = ""  # the address that ends mail of this kind


@dataclass(frozen=True, kw_only=True, slots=True)
class MailEnvelope:
    """From whom to whom, and by what a mail is known again that came twice."""

    sender: str
    to: str
    number: int
    written_at: datetime


def compose_email(letter: Letter, envelope: MailEnvelope) -> EmailMessage:
    made = EmailMessage()
    made["From"] = _address(envelope.sender, one_line(letter.lab))
    made["To"] = _address(envelope.to)
    made["Subject"] = one_line(letter.subject)[:_MOST_SUBJECT]
    made["Date"] = format_datetime(envelope.written_at)
    written = round(envelope.written_at.timestamp() * 1e6)
    made["Message-ID"] = f"<axiom.{envelope.number}.{written}@{envelope.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = _templates()
    made.set_content(calm_lines(text.get_template("mail.txt").render(letter=letter)), cte="quoted-printable")
    words = calm_lines(html.get_template("mail.html").render(letter=letter))
    made.add_alternative(words, subtype="html", cte="quoted-printable")
    return made


def one_line(text: str) -> str:
    """Words that somebody else wrote, on one line."""
    return " ".join(strip_controls(text).split())


def calm_lines(text: str) -> str:
    """Lines that somebody else wrote."""
    return "\n".join(strip_controls(line).rstrip() for line in text.splitlines()) + "\n"


@cache
def _templates() -> tuple[Environment, Environment]:
    html = template_environment()
    return html.overlay(autoescape=False), html


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)
