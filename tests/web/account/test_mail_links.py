"""What is done by links in mails, and forms, which nobody but the page on which they are can send."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving

from axiom.boinc import account_keys
from axiom.domain.fleet import Account
from axiom.limits import accounts as limits
from axiom.server.accounts.stored_passwords import is_password
from axiom.server.http.refused_requests import RequestGuard
from axiom.signed.keys import load_secrets
from axiom.signed.mail_links import LinkPurpose, link_token
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.mail import outbox, subscriptions
from axiom.web.account.pages import ACTS, PAGES
from axiom.web.mail.letters import Letters

NEW_EMAIL = "canary.new@mail.example"
NEW_BODY = urlencode({"new_password": NEW_PASSWORD}).encode()


@pytest.fixture
def sends_mail() -> bool:
    return True


@pytest.fixture
def mails(small_lab):
    """The mails that wait, as they would be sent now."""

    def waiting(kind: str = ""):
        secret = load_secrets(small_lab.folder.keys).accounts
        letters = Letters(name="Small & Sons", master=f"{ORIGIN}/", secret=secret, sender="axiom@lab.example")
        with Connections(folder=small_lab.folder).reader() as db:
            rows = outbox.list_due_messages(db, outbox.MAIL, small_lab.now, 100)
            made = [letters.mail(db, row, small_lab.now) for row in rows if kind in ("", row.kind)]
        return [mail for mail in made if mail is not None]

    return waiting


def link_in(mail, page: str) -> str:
    """The address of a link, without the laboratory's own."""
    text = mail.get_body(("plain",)).get_content()
    return re.search(rf"{ORIGIN}(/account/{page}\?token=\S+)", text)[1]


@pytest.fixture
def confirmed(ada, mails):
    """Ada, who opened the link that was mailed to her."""
    (mail,) = mails(outbox.CONFIRM)
    assert ada.ask(link_in(mail, "confirm"), method="POST").status == 200
    return ada


def mail_of(visitor):
    return visitor.ask("/account.json").json["account"]["mail"]


def stored(visitor) -> Account:
    return visitor.look(lambda db: accounts.find_account_by_email(db, EMAIL))[1]


def chosen(visitor) -> set[str]:
    return visitor.look(lambda db: subscriptions.list_subscriptions(db, visitor.account()[0].id))


def test_without_mail_an_account_is_as_it_always_was(new_lab, tmp_path):
    lab = new_lab(tmp_path / "silent")
    with receiving(lab, f"{ORIGIN}/") as app:
        visitor = Visitor(app=app, folder=lab.folder)
        assert visitor.register().status == 303
        assert "/account/mail" not in visitor.ask("/account/preferences").text
        assert visitor.post("/account/email", email=NEW_EMAIL, password=PASSWORD).status == 303
        visitor.post("/account/sign-out")
        assert "/account/forgot" not in visitor.ask("/account/sign-in").text
        assert "<form" not in visitor.ask("/account/forgot").text.partition("<main")[2]
        assert visitor.look(lambda db: db.select("SELECT * FROM outbox")) == []
        visitor.close()


def test_a_new_account_is_usable_at_once_and_a_link_confirms_each_of_its_addresses(ada, new_visitor, mails):
    assert ada.ask("/account").status == 200
    (mail,) = mails()
    assert mail["To"] == EMAIL
    mail_row = mail_of(ada)
    assert [(sent["kind"], sent["sent_at"]) for sent in mail_row["messages"]] == [("confirm", None)]
    link, elsewhere = link_in(mail, "confirm"), new_visitor()
    assert elsewhere.ask(link).status == 200
    assert mail_of(ada)["address_confirmed_at"] is None  # whoever only looks, as many programs do, does nothing
    assert elsewhere.ask(link, method="POST").status == 200
    assert mail_of(ada)["address_confirmed_at"] is not None
    assert elsewhere.ask(link, method="POST").status == 422  # once
    assert mails() == []
    assert ada.post("/account/email", email=NEW_EMAIL, password=PASSWORD).status == 303
    assert mail_of(ada)["address_confirmed_at"] is None
    (mail,) = mails()
    assert mail["To"] == NEW_EMAIL
    assert ada.post("/account/email", email="eve@mail.example", password=PASSWORD).status == 303
    assert [mail["To"] for mail in mails()] == ["eve@mail.example"]  # and no second one for the address before
    assert ada.ask(link_in(mail, "confirm"), method="POST").status == 422
    assert mail_of(ada)["address_confirmed_at"] is None


def test_the_link_is_sent_again_but_not_every_moment(ada, mails, small_lab):
    assert ada.post("/account/send-confirmation").status == 422
    small_lab.later(minutes=10)
    assert ada.post("/account/send-confirmation").headers["location"] == "/account/preferences?done=confirmation"
    (mail,) = mails()
    ada.ask(link_in(mail, "confirm"), method="POST")
    small_lab.later(minutes=10)
    assert ada.post("/account/send-confirmation").status == 422
    assert mails() == []


def test_a_forgotten_password_is_replaced_by_a_link_once(confirmed, new_visitor, mails, wrong_fields):
    keys, stranger = confirmed.shown_keys(), new_visitor()
    assert stranger.post("/account/forgot", email=f" {EMAIL.upper()} ").status == 200
    (mail,) = mails(outbox.RESET)
    link = link_in(mail, "reset")
    assert "new_password" in stranger.ask(link).text
    weak = urlencode({"new_password": "password1"}).encode()
    assert wrong_fields(stranger.ask(link, method="POST", body=weak)) == {"new_password"}
    reply = stranger.ask(link, method="POST", body=NEW_BODY)
    assert (reply.status, reply.headers["location"]) == (303, "/account/sign-in?done=reset")
    assert confirmed.ask("/account").status == 303  # every browser is signed out
    assert stored(confirmed).password_serial == 2
    assert is_password(stored(confirmed).password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    again = urlencode({"new_password": PASSWORD}).encode()
    assert stranger.ask(link, method="POST", body=again).status == 422
    assert stranger.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
    renewed = stranger.post("/account/keys", password=NEW_PASSWORD).text
    assert [key in renewed for key in keys] == [True, False]  # as with any other change of the password


def test_a_link_for_a_password_ends_after_an_hour_or_with_another_change(confirmed, new_visitor, mails, small_lab):
    stranger = new_visitor()
    stranger.post("/account/forgot", email=EMAIL)
    link = link_in(mails(outbox.RESET)[0], "reset")
    small_lab.later(minutes=60)
    assert stranger.ask(link, method="POST", body=NEW_BODY).status == 422
    assert is_password(stored(confirmed).password, account_keys.passwd_hash(PASSWORD, EMAIL))
    stranger.post("/account/forgot", email=EMAIL)
    link = link_in(mails(outbox.RESET)[-1], "reset")
    confirmed.post("/account/password", password=PASSWORD, new_password="a third kettle in july")  # noqa: S106
    assert stranger.ask(link, method="POST", body=NEW_BODY).status == 422


def test_the_page_says_for_how_many_minutes_a_link_is_good(new_visitor, monkeypatch):
    monkeypatch.setattr(limits, "PASSWORD_LINK_FOR", timedelta(minutes=37))
    assert "37" in new_visitor().post("/account/forgot", email=EMAIL).text.partition("<main")[2]


def test_nobody_learns_by_a_forgotten_password_who_has_an_account(confirmed, new_visitor, mails):
    bob = new_visitor()
    assert bob.register(name="Bob", email="bob@mail.example").status == 303  # who has not confirmed
    replies = [
        new_visitor().post("/account/forgot", email=email)
        for email in (EMAIL, "bob@mail.example", "nobody@mail.example")
    ]
    assert len({(reply.status, reply.text) for reply in replies}) == 1
    assert [mail["To"] for mail in mails(outbox.RESET)] == [EMAIL]
    question = "SELECT arguments, answer FROM audit WHERE command = 'account.forgot'"
    assert confirmed.look(lambda db: db.select(question)) == [{"arguments": "{}", "answer": "{}"}] * 3


@pytest.mark.usefixtures("confirmed")
def test_asking_again_and_again_fills_no_mailbox_and_has_to_wait(new_visitor, mails, small_lab):
    stranger = new_visitor(peer="198.51.100.9")
    for email in (EMAIL, "nobody@mail.example"):
        statuses = [stranger.post("/account/forgot", email=email).status for _ in range(12)]
        assert statuses == [200] * 10 + [422] * 2
    assert len(mails(outbox.RESET)) == 1
    small_lab.later(minutes=10)
    stranger.post("/account/forgot", email=EMAIL)
    assert len(mails(outbox.RESET)) == 1  # the one of before was not sent yet


@pytest.fixture
def to_end(ada, small_lab):
    """The address that ends mail of a kind; nobody gets any before they choose it."""
    assert chosen(ada) == set()
    assert ada.post("/account/mail", digest="1", silence="1").headers["location"] == "/account/preferences?done=mail"
    assert chosen(ada) == {"digest", "silence"}
    secret, number = load_secrets(small_lab.folder.keys).accounts, ada.account()[0].id
    return lambda purpose: f"/account/unsubscribe?token={link_token(secret, purpose, number)}"


def test_mail_is_ended_without_signing_in_by_a_button_or_by_a_mail_program(ada, new_visitor, to_end):
    stranger = new_visitor()
    page = stranger.ask(to_end(LinkPurpose.DIGEST))
    assert (page.status, chosen(ada)) == (200, {"digest", "silence"})  # looking changes nothing
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)[1]
    for _ in range(2):  # once more does no harm
        assert stranger.ask(action, method="POST", origin=ORIGIN).status == 200
        assert chosen(ada) == {"silence"}
    program = new_visitor(peer="203.0.113.5")  # without cookies, origin or a look before
    body = urlencode({"List-Unsubscribe": "One-Click"}).encode()
    assert program.ask(to_end(LinkPurpose.SILENCE), method="POST", body=body).status == 200
    assert chosen(ada) == set()
    ada.post("/account/mail", silence="1")
    assert (mail_of(ada)["digest"], mail_of(ada)["silence"]) == (False, True)


def test_a_link_does_only_what_it_is_for_and_nothing_for_an_erased_account(confirmed, mails, to_end, new_visitor):
    confirmed.post("/account/email", email=NEW_EMAIL, password=PASSWORD)
    confirm = link_in(mails(outbox.CONFIRM)[0], "confirm").partition("=")[2]
    digest = to_end(LinkPurpose.DIGEST).partition("=")[2]
    before = confirmed.stored()
    for page, token in (("reset", confirm), ("confirm", digest), ("unsubscribe", confirm), ("reset", digest)):
        reply = confirmed.ask(f"/account/{page}?token={token}", method="POST", body=NEW_BODY)
        assert reply.status == 422, page
    assert confirmed.stored() == before
    confirmed.post("/account/email", email=EMAIL, password=PASSWORD)
    confirmed.ask(link_in(mails(outbox.CONFIRM)[0], "confirm"), method="POST")
    stranger, number = new_visitor(), confirmed.account()[0].id
    stranger.post("/account/forgot", email=EMAIL)
    link = link_in(mails(outbox.RESET)[0], "reset")
    assert confirmed.post("/account/erase", password=PASSWORD, is_sure="1").status == 303
    for table in ("outbox", "subscription"):
        assert confirmed.look(lambda db, table=table: db.select(f"SELECT * FROM {table}")) == []  # noqa: S608
    assert confirmed.look(lambda db: accounts.read_confirmation_time(db, number)) is None
    for address in (link, to_end(LinkPurpose.DIGEST)):
        assert stranger.ask(address, method="POST", body=NEW_BODY).status == 422


def test_pages_of_mail_come_in_the_language_and_repeat_no_link(visitor):
    visitor.cookies["lang"] = "de"
    for address in ("/account/forgot", "/account/reset?token=worthless"):
        assert '<html lang="de">' in visitor.ask(address).text
    assert "/language/" not in visitor.ask("/account/reset?token=worthless").text


FIELDS = {  # in an order in which each of them can be sent after those before
    "/account/register": {"name": "Eve", "email": "eve@mail.example", "password": PASSWORD},
    "/account/sign-in": {"email": EMAIL, "password": PASSWORD},
    "/account/forgot": {"email": EMAIL},
    "/account/profile": {"name": "Eve", "is_exported": "1"},
    "/account/preferences": {"resource_share": "1", "on_cores": "1", "venue": "work"},
    "/account/preferences/home": {"resource_share": "1", "on_cores": "1", "only_at": "home"},
    "/account/preferences/work": {"resource_share": "1", "on_gpus": "1", "only_at": "work"},
    "/account/preferences/school": {"resource_share": "1", "on_gpus": "1", "only_at": "school"},
    "/account/preferences/separate": {"venue": "work"},
    "/account/place": {"host": "1", "venue": "work"},
    "/account/keys": {"password": PASSWORD},
    "/account/new-key": {"password": PASSWORD},
    "/account/send-confirmation": {},
    "/account/mail": {"digest": "1"},
    "/account/team/join": {"team": "1"},
    "/account/team/leave": {},
    "/account/team/found": {"name": "Eve and friends"},
    "/account/ideas/add": {"question": "Is it so?", "why": "I have seen it."},
    "/account/ideas/withdraw": {"idea": "1"},
    "/account/email": {"email": "new@mail.example", "password": PASSWORD},
    "/account/password": {"password": PASSWORD, "new_password": NEW_PASSWORD},
    "/account/erase": {"password": NEW_PASSWORD, "is_sure": "1"},
    "/account/sign-out": {},
}
FOREIGN = {
    "another origin": {"origin": "http://evil.example"},
    "a name that leads here, too": {"origin": "http://evil.example", "host": "evil.example"},
    "an origin that begins alike": {"origin": f"{ORIGIN}.evil.example"},
    "an origin that is hidden": {"origin": "null"},
    "a fetch from another site": {"origin": ORIGIN, "sec_fetch_site": "cross-site"},
    "a fetch from another port": {"origin": ORIGIN, "sec_fetch_site": "same-site"},
}
BY_LINK = {path for path, page in PAGES.items() if page.is_by_link}


def test_a_form_that_is_not_from_our_page_changes_nothing(ada, new_visitor, small_lab):
    assert set(FIELDS) == set(ACTS) - BY_LINK
    small_lab.later(minutes=11)  # since a link was mailed
    ada.post("/account/team/found", name="The Sums")
    ada.post("/account/ideas/add", question="Is it not so?", why="I have not.")
    assert ada.attach("attic") == 1
    other = new_visitor()
    other.register(name="Bo", email="bo@mail.example")
    for path, fields in FIELDS.items():
        page = PAGES[ACTS[path].page]
        browser = (other if path == "/account/sign-out" else ada) if page.is_private else new_visitor()
        body, before = urlencode(fields).encode(), browser.stored()
        for name, headers in FOREIGN.items():
            assert browser.ask(path, method="POST", body=body, **headers).status in {403, 421}, name
        assert browser.stored() == before
        assert browser.ask(path, method="POST", body=body, sec_fetch_site="same-origin").status in {200, 303}, path


def test_looking_changes_nothing(ada):
    before = ada.stored()
    for path in {**PAGES, **ACTS, "/account.json": None, "/join": None, "/account/nowhere": None}:
        for method in ("GET", "HEAD"):
            assert ada.ask(path, method=method).status in {200, 303, 404}
    assert ada.ask("/account", method="DELETE").status == 405
    assert ada.stored() == before


def test_a_form_that_no_browser_writes_changes_nothing_and_is_no_fault(ada, caplog):
    before = ada.stored()
    for body in (
        *(b"\xff\xfe", b"name=%ff%fe", b"&" * 1000, b"name=" + b"a" * 60_000, b"name=%00", b"{}", b"form=\xc3\xa9"),
    ):
        for path in ("/account/register", "/account/profile", *BY_LINK):
            assert ada.ask(path, method="POST", body=body, origin=ORIGIN).status in {303, 422}
    assert ada.ask("/account/profile", method="POST", body=b"a" * 70_000, origin=ORIGIN).status == 413
    coming = [{"type": "http.request", "body": b"form=", "more_body": True}]
    path = "/account/profile"
    scope = {"type": "http", "http_version": "1.0", "method": "POST", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": [(b"content-length", b"1000")], "client": None}

    async def receive():
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(_) -> None:
        """Nobody is there any more."""

    ada.loop.run_until_complete(RequestGuard(ada.app)(scope, receive, send))
    assert ada.stored() == before
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_same_is_done_so_often_in_an_account_but_a_password_is_changed_still(ada):
    for path in ("/account/team/leave", "/account/preferences"):
        body = urlencode(FIELDS[path]).encode()
        statuses = {ada.ask(path, method="POST", body=body, origin=ORIGIN).status for _ in range(limits.SAME_CHANGES)}
        before = ada.stored()
        assert (statuses, ada.ask(path, method="POST", body=body, origin=ORIGIN).status) == ({303}, 422)
        assert ada.stored() == before
    assert ada.post("/account/password", **FIELDS["/account/password"]).status == 303
    assert ada.post("/account/sign-out").status == 303
    assert ada.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
