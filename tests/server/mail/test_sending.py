"""The outbox is emptied in order, with patience, and nothing is lost or sent twice on the way."""

import json
import logging
from datetime import timedelta

import pytest
from mail_lab import OPERATOR, WORDS, server_on
from mail_servers import Mailbox, WebBox, smtp, web
from processes import free_port

from axiom.errors import StoreError
from axiom.server.accounts.erase import forget_volunteer
from axiom.server.mail.carriers import WebAddress
from axiom.server.mail.due_alerts import Complaint, DueAlerts
from axiom.store.accounts import accounts
from axiom.store.mail import outbox
from axiom.web.mail.posted_alerts import NTFY, WEBHOOK, write_posted_alert


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
    for hours, left in ((23, 2), (25, 0)):  # what was sent is forgotten after a day
        before = office.lab.now + timedelta(hours=hours - 24)
        office.writer.run(lambda db, before=before: outbox.delete_sent_messages(db, before))
        with office.readers.reader() as db:
            assert len(outbox.list_volunteer_messages(db, ada)) == left


def test_a_server_that_is_away_is_left_alone_for_longer_and_gets_everything_later(office, box, caplog):
    office.write(outbox.RESET, office.volunteer("Canary"))
    port = free_port()
    going, tried = office.outgoing(server_on(port)), 0
    with caplog.at_level(logging.INFO, "axiom.mail"):
        for _ in range(60 * 6):
            before = len(caplog.records)
            going.send()
            tried += len(caplog.records) > before
            office.lab.later(seconds=10)
    assert "Connection refused" in going.trouble
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
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("axiom")]
    assert "canary" not in " ".join(lines)


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
    def run(self, work):
        raise StoreError("no room")


def test_what_nobody_needs_any_more_is_not_sent(office, box, port):
    ada, eve, bob = office.volunteer("Ada"), office.volunteer("Eve"), office.volunteer("Bob", is_confirmed=False)
    office.write(outbox.CONFIRM, ada)  # confirmed by now
    office.write(outbox.DIGEST, bob, since=office.lab.now.isoformat(), credit=5, findings=[])  # another address by now
    office.write(outbox.RESET, eve)
    office.lab.later(minutes=61)
    office.write(outbox.RESET, ada)
    # nothing is left of it
    office.writer.run(lambda db: forget_volunteer(db, *accounts.find_account(db, ada), office.lab.now))
    office.outgoing(server_on(port)).send()
    assert (len(box.came), office.waiting()) == (0, [])
    with office.readers.reader() as db:
        assert db.select("SELECT * FROM outbox WHERE volunteer_id = :id", id=ada) == []


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


FULL = Complaint(kind="ready", says="the disk is nearly full", cure="free some")
FAILING = Complaint(kind="jobs", says="draw: it broke")


@pytest.fixture
def hook():
    box = WebBox()
    with web(box) as address:
        box.address = f"{address}/hook"
        yield box


def written_for(channel: str):
    lab = {"laboratory": WORDS.name, "address": WORDS.master}
    return lambda _db, row, _now: write_posted_alert(channel, row, **lab)


def webhook(office, address: str):
    carrier = WebAddress(address=address, kind="application/json")
    return office.outgoing(carrier, "webhook", written_for(WEBHOOK))


def watching(office, *channels, complaints):
    return DueAlerts(office.writer, office.readers, lambda: office.lab.now, channels, lambda: list(complaints))


def said(hook) -> list[tuple[str, str]]:
    read = [json.loads(body) for _, _, body in hook.posted]
    return [(alert["alert"], alert["state"]) for alert in read]


def test_trouble_is_told_by_every_way_and_once_when_it_is_over(office, hook):
    box, complaints = Mailbox(), [FULL]
    topic = WebAddress(address=hook.address.replace("hook", "topic"), kind="text/plain")
    with smtp(box) as port:
        ways = [
            office.outgoing(server_on(port)),
            webhook(office, hook.address),
            office.outgoing(topic, "ntfy", written_for(NTFY)),
        ]
        alerts = watching(office, *ways, complaints=complaints)
        for minute in range(5):
            if minute == 3:
                complaints.clear()
            alerts.check()
            for way in ways:
                way.send()
            office.lab.later(minutes=1)
    assert ([message["To"] for message in box.taken], len(box.subjects())) == ([OPERATOR, OPERATOR], 2)
    posted = [body for path, _, body in hook.posted if path == "/hook"]
    first = json.loads(posted[0])
    assert (first["alert"], first["state"], first["cure"]) == ("ready", "began", "free some")
    assert json.loads(posted[1])["state"] == "over"
    texts = [body.decode() for path, _, body in hook.posted if path == "/topic"]
    assert ["free some" in text for text in texts] == [True, False]


def test_a_restart_tells_nothing_anew_and_still_tells_the_end(office, hook):
    way = webhook(office, hook.address)
    watching(office, way, complaints=[FULL, FAILING]).check()
    office.lab.later(minutes=5)
    watching(office, way, complaints=[FULL, FAILING]).check()
    watching(office, way, complaints=[FULL]).check()
    way.send()
    assert said(hook) == [("jobs", "began"), ("ready", "began"), ("jobs", "over")]


def test_an_address_that_is_away_hears_it_later(office, hook):
    way = webhook(office, f"http://127.0.0.1:{free_port()}/hook")
    watching(office, way, complaints=[FULL]).check()
    way.send()
    assert "Connection refused" in way.trouble
    hook.status = 500
    again = webhook(office, hook.address)
    again.send()
    assert "500" in again.trouble
    hook.status = 204
    again.send()
    assert len(hook.posted) == 1  # not before its time
    office.lab.later(minutes=2)
    again.send()
    assert len(hook.posted) == 2
    assert again.trouble == ""
    assert office.waiting() == []
    assert hook.posted[0][2] == hook.posted[1][2]  # with the same number: it may have been heard the first time


def test_where_nothing_can_be_stored_any_more_it_is_told_all_the_same_and_once(office, hook, caplog):
    box, complaints = Mailbox(), []
    with smtp(box) as port:
        ways = webhook(office, hook.address), office.outgoing(server_on(port))
        alerts = watching(office, *ways, complaints=complaints)
        alerts.check()
        complaints.extend([FULL, FAILING])
        office.writer.stop()  # as a writer that failed, it stores nothing any more
        office.lab.folder.database.rename(office.lab.folder.path / "gone.db")  # and nothing can be read, either
        for _ in range(3):
            alerts.check()
            office.lab.later(minutes=1)
    assert said(hook) == [("jobs", "began"), ("ready", "began")]
    assert len({json.loads(body)["id"] for _, _, body in hook.posted}) == 2, "the second is no repeat of the first"
    assert (len({message["Message-ID"] for message in box.taken}), len(box.taken)) == (2, 2)
    watching(office, webhook(office, f"http://127.0.0.1:{free_port()}/canary"), complaints=[FULL]).check()
    assert "mail.lost channel=webhook kind=alert" in caplog.text, "where it cannot be told, either, the log says so"
    assert "/canary" not in caplog.text
