"""What volunteers asked to be told is written into the outbox: once, when it is due, and only if there is something."""

import contextlib
import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from furnished_lab import compute_three_blocks
from mail_lab import WORDS, mail_lab

from axiom.domain.fleet import Capacity, Platform
from axiom.laboratory.rounds.steps.weigh_findings import evaluate_findings
from axiom.limits import mail as limits
from axiom.server.mail.due_volunteer_mail import DueMail
from axiom.store.accounts import accounts
from axiom.store.credit import ledger
from axiom.store.hosts import hosts
from axiom.store.mail import outbox, subscriptions
from axiom.store.rounds import rounds


def due_of(office, heard_since=None) -> DueMail:
    return DueMail(
        writer=office.writer,
        readers=office.readers,
        now=lambda: office.lab.now,
        heard_since=heard_since or office.lab.now,
    )


def subscribe(office, volunteer: int, kind: str) -> None:
    since = office.lab.now - (limits.SILENT_FOR if kind == outbox.SILENCE else timedelta(0))

    def begin(db):
        balance = ledger.find_balance(db, ledger.VOLUNTEER, volunteer)
        credit = balance.total if balance else 0
        subscriptions.add_subscription(db, volunteer, kind, told_until=since, told_credit=credit)

    office.writer.run(begin)


def earn(office, volunteer: int, amount: int, source: str) -> None:
    office.writer.run(
        lambda db: ledger.carry_over_credit(
            db, volunteer, source=source, amount=amount, because="a test", now=office.lab.now
        )
    )


def test_a_digest_comes_once_a_week_with_the_credit_of_that_week_if_there_is_any(office):
    ada, due, told = office.volunteer("Ada"), due_of(office), {}
    earn(office, ada, 1_000_000, "before")
    subscribe(office, ada, outbox.DIGEST)
    for day in range(1, 29):
        office.lab.later(days=1)
        if day in {3, 5, 15}:
            earn(office, ada, 1_000 * day, f"day {day}")
        due.tell()
        for mail in office.waiting():
            told.setdefault(mail.facts["credit"], day)
    assert told == {8_000: 7, 15_000: 21}


def test_only_a_confirmed_address_gets_one_and_only_who_asked(office):
    ada, eve = office.volunteer("Ada"), office.volunteer("Eve", is_confirmed=False)
    bob, due = office.volunteer("Bob"), due_of(office)
    for volunteer in (ada, eve):
        subscribe(office, volunteer, outbox.DIGEST)
    for volunteer in (ada, eve, bob):
        earn(office, volunteer, 5, "a test")
    office.writer.run(lambda db: subscriptions.end_subscription(db, ada, outbox.DIGEST))
    office.lab.later(days=8)
    due.tell()
    assert office.waiting() == []
    office.writer.run(lambda db: accounts.confirm_email(db, eve, office.lab.now))
    due.tell()
    assert [mail.volunteer_id for mail in office.waiting()] == [eve]


def test_a_digest_names_the_answers_that_the_computers_helped_to_find_since_the_last(small_lab, prepared):
    compute_three_blocks(small_lab, prepared)
    grace, bad = (
        accounts.find_account_by_email(small_lab.db, f"{name}@example.org")[0].id for name in ("grace", "bad")
    )
    with small_lab.db.transaction():
        for volunteer in (grace, bad):
            accounts.confirm_email(small_lab.db, volunteer, small_lab.now)
    with mail_lab(small_lab) as office:
        for volunteer in (grace, bad):
            subscribe(office, volunteer, outbox.DIGEST)
        office.lab.later(days=1)
        session = office.writer.run(
            lambda db: rounds.begin_round(db, pi="autopilot", reason="a test", now=office.lab.now)
        )
        office.writer.run(lambda db: evaluate_findings(db, session, office.lab.now))
        due = due_of(office)
        due.tell()
        assert office.waiting() == []  # its week is not over
        office.lab.later(days=6)
        due.tell()
        (row,) = office.waiting()  # none to whom whose computer only failed
        assert (row.volunteer_id, row.facts["findings"]) == (grace, [1])
        with office.readers.reader() as db:
            mail = WORDS.mail(db, row, office.lab.now)
        assert "https://lab.example/findings/1" in mail.get_body(("plain",)).get_content()
        office.lab.later(days=7)
        due.tell()
        assert len(office.waiting()) == 1  # that answer is no news any more


@pytest.mark.parametrize("is_under_way", [True, False])
def test_an_answer_that_is_stored_while_digests_are_made_is_told_once(small_lab, prepared, is_under_way):
    compute_three_blocks(small_lab, prepared)
    grace = accounts.find_account_by_email(small_lab.db, "grace@example.org")[0].id
    with small_lab.db.transaction():
        accounts.confirm_email(small_lab.db, grace, small_lab.now)
    with mail_lab(small_lab) as office:
        subscribe(office, grace, outbox.DIGEST)
        session = office.writer.run(
            lambda db: rounds.begin_round(db, pi="autopilot", reason="a test", now=office.lab.now)
        )
        office.lab.later(days=7)
        began, goes_on = threading.Event(), threading.Event()

        def step(db):
            at = office.lab.now
            began.set()
            goes_on.wait()
            evaluate_findings(db, session, at)

        def run(work):
            future = office.writer.submit(work)
            goes_on.set()  # not before: so the step that is under way ends as late as it can
            return future.result()

        @contextlib.contextmanager
        def reader():
            if not began.is_set():
                office.lab.later(minutes=1)
                goes_on.set()
                office.writer.run(step)  # it begins after the digests' moment, and is stored before they are read
            with office.readers.reader() as db:
                yield db

        due = replace(due_of(office), writer=SimpleNamespace(run=run), readers=SimpleNamespace(reader=reader))
        try:
            if is_under_way:
                office.writer.submit(step)
                began.wait()
                office.lab.later(minutes=1)
            due.tell()
        finally:
            goes_on.set()
        office.lab.later(days=7)
        due.tell()
        assert [mail.facts["findings"] for mail in office.waiting()] == [[1]]


@pytest.fixture
def attach(office):
    def make(volunteer: int, name: str, *, has_worked: bool = True) -> int:
        platform = Platform(system="linux", processor="x86_64", instructions="avx2")
        facts = {"capacity": Capacity(cores=2, memory_mb=4_000), "now": office.lab.now}

        def meet(db):
            made = hosts.upsert_host(db, volunteer_id=volunteer, name=name, platform=platform, **facts)
            if has_worked:
                db.execute(
                    "INSERT INTO task (workunit_id, experiment_id, ordinal, state, host_id, created_at, sent_at) "
                    "VALUES (1, 1, :host, 'expired', :host, 1, 1)",
                    host=made,
                )
            return made

        return office.writer.run(meet)

    return make


@pytest.fixture
def ordered(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()


def said_of(office) -> list[tuple[int, list[int]]]:
    return [(mail.volunteer_id, mail.facts["hosts"]) for mail in office.waiting()]


@pytest.mark.usefixtures("ordered")
def test_each_silence_of_a_computer_that_had_work_is_told_once(office, attach):
    ada, due = office.volunteer("Ada"), due_of(office)
    attach(ada, "before anybody asked")
    office.lab.later(days=8)
    attic, cellar, _ = attach(ada, "attic"), attach(ada, "cellar"), attach(ada, "never", has_worked=False)
    subscribe(office, ada, outbox.SILENCE)
    for day in range(1, 31):
        office.lab.later(days=1)
        if day < 10:
            office.writer.run(lambda db: hosts.touch_host(db, cellar, office.lab.now))
        due.tell()
        expected = [(ada, [attic])] * (day >= 7) + [(ada, [cellar])] * (day >= 16)
        assert said_of(office) == expected, day
    office.writer.run(lambda db: hosts.touch_host(db, attic, office.lab.now))
    office.lab.later(days=8)
    due.tell()
    assert said_of(office)[2:] == [(ada, [attic])]  # another silence


@pytest.mark.usefixtures("ordered")
def test_a_silence_is_told_once_and_not_of_who_called_before_the_mail_went_out(office, attach):
    ada = office.volunteer("Ada")
    attic, cellar = attach(ada, "attic"), attach(ada, "cellar")
    subscribe(office, ada, outbox.SILENCE)
    office.lab.later(days=9)
    due = due_of(office, heard_since=office.lab.now + timedelta(days=1))
    due.tell()
    assert office.waiting() == []
    office.writer.run(lambda db: hosts.touch_host(db, attic, office.lab.now))  # it calls again, now that it can
    office.lab.later(days=1)
    due.tell()
    assert said_of(office) == [(ada, [cellar])]
    (row,) = office.waiting()
    with office.readers.reader() as db:
        assert "cellar" in WORDS.mail(db, row, office.lab.now)["Subject"]
    office.lab.later(minutes=1)
    office.writer.run(lambda db: hosts.touch_host(db, cellar, office.lab.now))
    with office.readers.reader() as db:
        assert WORDS.mail(db, row, office.lab.now) is None
