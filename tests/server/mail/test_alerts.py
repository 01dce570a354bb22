"""Operators hear of trouble by every way that they chose, also when nothing can be stored any more."""

import json

import pytest
from mail_lab import OPERATOR, WORDS, mail_lab, server_on
from mail_servers import Mailbox, WebBox, free_port, smtp, web

from axiom.server.mail.alerts import Alerts, Complaint
from axiom.server.mail.carriers import WebAddress

FULL = Complaint(kind="ready", says="the disk is nearly full", cure="free some")
FAILING = Complaint(kind="jobs", says="draw: it broke")


@pytest.fixture
def office(small_lab):
    with mail_lab(small_lab) as made:
        yield made


@pytest.fixture
def hook():
    box = WebBox()
    with web(box) as address:
        box.address = f"{address}/hook"
        yield box


def webhook(office, address: str):
    carrier = WebAddress(address=address, kind="application/json")
    return office.outgoing(carrier, "webhook", lambda _db, row, _now: WORDS.webhook(row))


def watching(office, *channels, complaints):
    return Alerts(office.writer, office.readers, lambda: office.lab.now, channels, lambda: list(complaints))


def said(hook) -> list[tuple[str, str]]:
    read = [json.loads(body) for _, _, body in hook.posted]
    return [(each["alert"], each["state"]) for each in read]


def test_trouble_is_told_by_every_way_and_once_when_it_is_over(office, hook):
    box, complaints = Mailbox(), [FULL]
    with smtp(box) as port:
        ways = [
            office.outgoing(server_on(port)),
            webhook(office, hook.address),
            office.outgoing(
                WebAddress(address=hook.address.replace("hook", "topic"), kind="text/plain"),
                "ntfy",
                lambda _db, row, _now: WORDS.ntfy(row),
            ),
        ]
        alerts = watching(office, *ways, complaints=complaints)
        for minute in range(5):
            if minute == 3:
                complaints.clear()
            alerts.look()
            for way in ways:
                way.send()
            office.lab.later(minutes=1)
    assert [message["To"] for message in box.taken] == [OPERATOR, OPERATOR]
    assert box.subjects() == [
        "[Small & Sons] ready: the disk is nearly full",
        "[Small & Sons] ready: over (the disk is nearly full)",
    ]
    posted = [body for path, _, body in hook.posted if path == "/hook"]
    first = json.loads(posted[0])
    assert (first["alert"], first["state"], first["cure"]) == ("ready", "began", "free some")
    assert first["text"] == "Small & Sons: ready: the disk is nearly full"
    assert json.loads(posted[1])["state"] == "over"
    texts = [body.decode() for path, _, body in hook.posted if path == "/topic"]
    assert texts == [
        "Small & Sons: ready: the disk is nearly full\nWhat helps: free some",
        "Small & Sons: ready: over (the disk is nearly full)",
    ]


def test_a_restart_tells_nothing_anew_and_still_tells_the_end(office, hook):
    way = webhook(office, hook.address)
    watching(office, way, complaints=[FULL, FAILING]).look()
    office.lab.later(minutes=5)
    watching(office, way, complaints=[FULL, FAILING]).look()
    watching(office, way, complaints=[FULL]).look()
    way.send()
    assert said(hook) == [("jobs", "began"), ("ready", "began"), ("jobs", "over")]


def test_an_address_that_is_away_hears_it_later(office, hook):
    way = webhook(office, f"http://127.0.0.1:{free_port()}/hook")
    watching(office, way, complaints=[FULL]).look()
    way.send()
    assert way.trouble == "it cannot be reached (Connection refused)"
    hook.status = 500
    again = webhook(office, hook.address)
    again.send()
    assert again.trouble == "it answered with status 500"
    hook.status = 204
    again.send()
    assert len(hook.posted) == 1  # not before its time
    office.lab.later(minutes=2)
    again.send()
    assert (len(hook.posted), again.trouble, office.waiting()) == (2, "", [])
    assert hook.posted[0][2] == hook.posted[1][2]  # with the same number: it may have been heard the first time


def test_where_nothing_can_be_stored_any_more_it_is_told_all_the_same_and_once(office, hook):
    box, complaints = Mailbox(), []
    with smtp(box) as port:
        alerts = watching(
            office, webhook(office, hook.address), office.outgoing(server_on(port)), complaints=complaints
        )
        alerts.look()
        complaints.append(FULL)
        office.writer.stop()  # as a writer that failed, it stores nothing any more
        office.lab.folder.database.rename(office.lab.folder.path / "gone.db")  # and nothing can be read, either
        for _ in range(3):
            alerts.look()
            office.lab.later(minutes=1)
    assert said(hook) == [("ready", "began")]
    assert box.subjects() == ["[Small & Sons] ready: the disk is nearly full"]


def test_where_nothing_can_be_stored_or_told_the_log_says_so(office, caplog):
    alerts = watching(office, webhook(office, f"http://127.0.0.1:{free_port()}/canary"), complaints=[FULL])
    office.writer.stop()
    alerts.look()
    assert "mail.lost channel=webhook kind=alert it cannot be reached (Connection refused)" in caplog.text
    assert "/canary" not in caplog.text
