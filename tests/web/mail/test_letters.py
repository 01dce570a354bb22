"""What mails say, and that they are mails as mail programs and their users want them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from golden_file import seen
from mail_lab import OPERATOR, SENDER, WORDS

from axiom.store.accounts import accounts
from axiom.store.mail import outbox
from axiom.store.mail.outbox import OutboxMessage
from axiom.web.mail.email_format import Letter, LetterLink, MailEnvelope, compose_email

FACTS = {
    "confirm": {},
    "reset": {},
    "digest": {"since": "2026-02-23T14:05:00+00:00", "credit": 12_345_678, "findings": [1]},
    "digest-credit": {"since": "2026-02-23T14:05:00+00:00", "credit": 500, "findings": []},
    "silence": {"hosts": [2]},
    "silence-many": {"hosts": [2, 3]},
    "alert": {"alert": "backup", "word": "began", "says": "none was made", "cure": "`axiom backup`"},
    "alert-over": {"alert": "backup", "word": "over", "says": "none was made", "cure": ""},
}
NOW = datetime(2026, 3, 2, tzinfo=UTC)
TO_END = {"digest", "digest-credit", "silence", "silence-many"}


@pytest.fixture(scope="module")
def lab(weighed_lab):
    """Grace, whose address is confirmed."""
    grace = accounts.find_account_by_email(weighed_lab.db, "grace@example.org")[0].id
    with weighed_lab.db.transaction():
        accounts.confirm_email(weighed_lab.db, grace, weighed_lab.now)
    return weighed_lab


@pytest.fixture
def mail(lab):
    """A message of each kind, as it is sent."""

    def make(name: str):
        kind = name.partition("-")[0]
        who = {"alert": None, "confirm": "shy"}.get(kind, "grace")
        number = accounts.find_account_by_email(lab.db, f"{who}@example.org")[0].id if who else None
        about = {"kind": kind, "volunteer_id": number, "facts": FACTS[name], "sent_at": None}
        row = OutboxMessage(id=7, channel=outbox.MAIL, created_at=lab.now + timedelta(days=8), **about)
        return WORDS.mail(lab.db, row, row.created_at)

    return make


def text_of(made) -> str:
    return made.get_body(("plain",)).get_content()


def html_of(made) -> str:
    return made.get_body(("html",)).get_content()


@pytest.mark.parametrize("name", FACTS)
def test_a_mail_is_text_and_the_same_as_html_that_loads_nothing(mail, same_words, name):
    made = mail(name)
    text, html = text_of(made), html_of(made)
    same_words(name, f"Subject: {made['Subject']}\n\n{text}\n---- as HTML\n{seen(html, whole=True)}")
    assert made.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in made.iter_parts()] == ["text/plain", "text/html"]
    assert not re.search(r"<(img|link|script|iframe|object|video)|url\(|@import", html)
    links = set(re.findall(r"https://[^\s\"<]+", html.replace("&amp;", "&")))
    assert links == set(re.findall(r"https://\S+", text))
    assert all(link.startswith("https://lab.example/") for link in links)
    assert made.as_bytes().isascii()
    assert max(map(len, made.as_bytes().splitlines())) < 998
    (sender,) = made["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Small & Sons", SENDER)
    assert str(made["To"]) in {"grace@example.org", "shy@example.org", OPERATOR}
    assert made["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<axiom\.7\.\d+@lab\.example>", made["Message-ID"])
    if name not in TO_END:
        assert (made["List-Unsubscribe"], made["List-Unsubscribe-Post"]) == (None, None)
        return
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = made["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://lab.example/account/unsubscribe?token=")
    assert address in text
    assert address in html


HOSTILE = 'x\r\nBcc: eve@mail.example\r\n\r\n<img src="http://evil.example/">\x1b[2J'


def test_words_that_others_wrote_act_on_nobody():
    items = [LetterLink(words=HOSTILE, href="https://lab.example/hosts/1")]
    about = {"lab": HOSTILE, "master": "https://lab.example/", "subject": HOSTILE * 50}
    letter = Letter(opening=[HOSTILE], items=items, **about)
    envelope = MailEnvelope(sender=SENDER, to="ada@mail.example", number=1, written_at=NOW)
    made = compose_email(letter, envelope)
    assert made["Bcc"] is None
    headers = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
    assert sorted(name for name, _ in made.items()) == headers
    assert len(made["Subject"]) <= 150
    assert "<img" not in html_of(made)
    assert "\x1b" not in text_of(made) + html_of(made) + str(made["Subject"])
