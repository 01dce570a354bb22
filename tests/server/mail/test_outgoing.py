"""The outbox is emptied in order, with patience, and nothing is lost or sent twice on the way."""

import logging
from datetime import timedelta

import pytest
from mail_lab import WORDS, mail_lab, server_on
from mail_servers import Mailbox, free_port, smtp

from axiom.errors import StoreError
from axiom.server.accounts.membership import erase
from axiom.store.accounts import accounts
from axiom.store.mail import outbox


@pytest.fixture
def office(small_lab):
    with mail_lab(small_lab) as made:
        yield made


@pytest.fixture
def box():
    return Mailbox()


@pytest.fixture
def port(box):
    with smtp(box) as port:
        yield port


def test_what_waits_is_sent_once_in_its_order(office, box, port):
    ada, eve = office.volunteer("Ada"), office.volunteer("Eve")
    for volunteer in (ada, eve, ada):
        office.write(outbox.RESET, volunteer)
    going = office.outgoing(server_on(port))
    for _ in range(3):
        going.send()
    assert [message["To"] for message in box.taken] == ["ada@mail.example", "eve@mail.example", "ada@mail.example"]
    assert len({message["Message-ID"] for message in box.taken}) == 3
    assert office.waiting() == []


def test_a_server_that_is_away_is_left_alone_for_longer_each_time_and_gets_everything_later(office, box, caplog):
    office.write(outbox.RESET, office.volunteer("Canary"))
    port = free_port()
    going, tried = office.outgoing(server_on(port)), 0
    with caplog.at_level(logging.INFO, "axiom.mail"):
        for _ in range(60 * 6):
            before = len(caplog.records)
            going.send()
            tried += len(caplog.records) > before
            office.lab.later(seconds=10)
    assert going.trouble == "it cannot be reached (Connection refused)"
    assert 5 <= tried <= 7  # in an hour: after 0, 1, 3, 7, 15, 31 minutes
    assert "canary" not in caplog.text
    office.write(outbox.RESET, 1)
    with smtp(box, port=port):
        office.lab.later(hours=1)
        going.send()
    assert going.trouble == ""
    assert len(box.taken) == 0  # both links are older than the hour for which they were good …
    office.write(outbox.RESET, 1)
    with smtp(box, port=port):
        going.send()
    assert len(box.taken) == 1  # … and this one is not


def test_what_cannot_be_sent_for_days_is_given_up_with_a_line_in_the_log(office, caplog):
    office.write(outbox.CONFIRM, office.volunteer("Canary", is_confirmed=False))
    going = office.outgoing(server_on(free_port()))
    for _ in range(4 * 24):
        going.send()
        assert office.waiting() or "mail.given_up channel=mail id=1 kind=confirm" in caplog.text
        office.lab.later(hours=1)
    assert office.waiting() == []
    assert "canary" not in caplog.text


@pytest.mark.parametrize(("code", "later"), [("550", 0), ("451", 1)])
def test_one_address_that_is_refused_holds_up_no_other(office, box, port, code, later, caplog):
    box.refuse = lambda to: f"{code} {to} is nobody" if to.startswith("canary") else None
    for name in ("Canary", "Ada"):
        office.write(outbox.RESET, office.volunteer(name))
    going = office.outgoing(server_on(port))
    going.send()
    assert [message["To"] for message in box.taken] == ["ada@mail.example"]
    assert len(office.waiting()) == later  # what is refused for good is given up
    box.refuse = lambda _: None
    office.lab.later(seconds=30)
    going.send()
    assert len(box.taken) == 1  # not before its time
    office.lab.later(minutes=1)
    going.send()
    assert len(box.taken) == 1 + later
    assert not [
        record for record in caplog.records if record.name.startswith("axiom") and "canary" in record.getMessage()
    ]


def test_a_server_that_hangs_up_in_the_middle_loses_nothing(office, box, port):
    for name in ("Ada", "Eve", "Grace"):
        office.write(outbox.RESET, office.volunteer(name))
    box.answer = lambda message: "421 too busy" if message["To"].startswith("eve") else "250 OK"
    going = office.outgoing(server_on(port))
    going.send()
    box.answer = lambda _: "250 OK"
    office.lab.later(minutes=2)
    going.send()
    assert sorted(message["To"] for message in box.taken) == [
        f"{name}@mail.example" for name in ("ada", "eve", "grace")
    ]


def test_what_was_taken_and_could_not_be_stored_is_not_sent_again(office, box, port):
    office.write(outbox.RESET, office.volunteer("Ada"))
    going = office.outgoing(server_on(port))
    stored, going._writer = going._writer, Broken()  # a disk without room, for a while
    for _ in range(3):
        with pytest.raises(StoreError):
            going.send()
    assert len(box.taken) == 1
    going._writer = stored
    going.send()
    assert (len(box.taken), office.waiting()) == (1, [])


class Broken:
    """Stores nothing."""

    def run(self, work):  # noqa: ARG002
        raise StoreError("no room")


def test_what_nobody_needs_any_more_is_not_sent(office, box, port):
    ada, eve, bob = office.volunteer("Ada"), office.volunteer("Eve"), office.volunteer("Bob", is_confirmed=False)
    office.write(outbox.CONFIRM, ada)  # confirmed by now
    office.write(outbox.DIGEST, bob, since=office.lab.now.isoformat(), credit=5, findings=[])  # another address by now
    office.write(outbox.RESET, eve)
    office.lab.later(minutes=61)
    office.outgoing(server_on(port)).send()
    assert (len(box.came), office.waiting()) == (0, [])


def test_of_an_erased_account_nothing_is_left_that_could_be_sent(office, box, port):
    ada = office.volunteer("Ada")
    office.write(outbox.RESET, ada)
    office.writer.run(lambda db: erase(db, *accounts.by_id(db, ada), office.lab.now))
    with office.readers.reader() as db:
        assert db.select("SELECT * FROM outbox") == []
    office.outgoing(server_on(port)).send()
    assert box.came == []


def test_words_that_cannot_be_made_hold_up_no_other_message(office, box, port, caplog):
    office.write(outbox.DIGEST, office.volunteer("Ada"))  # without the facts that it needs
    office.write(outbox.RESET, office.volunteer("Eve"))
    going = office.outgoing(server_on(port))
    going.send()
    assert [message["To"] for message in box.taken] == ["eve@mail.example"]
    assert "mail.fault channel=mail id=1 kind=digest" in caplog.text
    office.lab.later(days=4)
    going.send()
    assert office.waiting() == []


def test_a_message_that_comes_twice_is_known_by_its_number(office):
    ada = office.volunteer("Ada")
    office.write(outbox.RESET, ada)
    with office.readers.reader() as db:
        (row,) = outbox.due(db, outbox.MAIL, office.lab.now, 10)
        first = WORDS.mail(db, row, office.lab.now)
        office.lab.later(minutes=5)
        again = WORDS.mail(db, row, office.lab.now)
    assert first["Message-ID"] == again["Message-ID"]
    assert first.as_bytes().replace(b"\n", b"").count(b"axiom.1.") == 1


def test_what_was_sent_is_forgotten_after_a_day(office, box, port):
    office.write(outbox.RESET, office.volunteer("Ada"))
    office.outgoing(server_on(port)).send()
    assert len(box.taken) == 1
    for hours, left in ((23, 1), (25, 0)):
        office.writer.run(lambda db, hours=hours: outbox.forget_sent(db, office.lab.now + timedelta(hours=hours - 24)))
        with office.readers.reader() as db:
            assert len(outbox.of_volunteer(db, 1)) == left
