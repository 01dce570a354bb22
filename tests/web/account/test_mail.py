"""Addresses are confirmed, passwords are chosen anew and mail is ended by links; without mail nothing is different."""

import re
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving

from axiom.boinc import account_keys
from axiom.boinc.accounts import CreateAccount
from axiom.domain.fleet import Account
from axiom.server.accounts.password_hashes import is_password
from axiom.signed.keys import load_secrets
from axiom.signed.mail_links import LinkPurpose, link_token
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.mail import outbox, subscriptions
from axiom.web.mail.letters import Letters

NEW_EMAIL = "canary.new@mail.example"


@pytest.fixture
def without_mail(new_lab, tmp_path):
    lab = new_lab(tmp_path / "silent")
    with receiving(lab, f"{ORIGIN}/") as app:
        visitor = Visitor(app=app, folder=lab.folder)
        assert visitor.register().status == 303
        yield visitor
        visitor.close()


@pytest.fixture
def sends_mail() -> bool:
    """The laboratory sends mail."""
    return True


@pytest.fixture
def mails(small_lab):
    """The mails that wait, as they would be sent now."""

    def waiting(kind: str = ""):
        secret = load_secrets(small_lab.folder.keys).accounts
        words = Letters(name="Small & Sons", master=f"{ORIGIN}/", secret=secret, sender="axiom@lab.example")
        with Connections(folder=small_lab.folder).reader() as db:
            rows = outbox.due(db, outbox.MAIL, small_lab.now, 100)
            made = [words.mail(db, row, small_lab.now) for row in rows if kind in ("", row.kind)]
        return [each for each in made if each is not None]

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


def test_without_mail_an_account_is_as_it_always_was(without_mail):
    assert without_mail.look(lambda db: db.select("SELECT * FROM outbox")) == []
    assert "/account/mail" not in without_mail.ask("/account/preferences").text
    assert without_mail.post("/account/email", email=NEW_EMAIL, password=PASSWORD).status == 303
    without_mail.post("/account/sign-out")
    page = without_mail.ask("/account/sign-in").text
    assert "Whoever runs this laboratory can give you a new one" in page
    assert "/account/forgot" not in page
    assert "This laboratory sends no mail" in without_mail.ask("/account/forgot").text
    assert without_mail.look(lambda db: db.select("SELECT * FROM outbox")) == []


def test_a_new_account_is_usable_at_once_and_its_address_is_confirmed_by_a_link(ada, new_visitor, mails):
    assert ada.ask("/account").status == 200
    (mail,) = mails()
    assert mail["To"] == EMAIL
    link, elsewhere = link_in(mail, "confirm"), new_visitor()
    page = elsewhere.ask(link)
    assert (page.status, "Confirm the address" in page.text) == (200, True)
    assert (
        mail_of(ada)["address_confirmed_at"] is None
    )  # whoever only looks at links, as many programs do, does nothing
    assert "Your address is confirmed" in elsewhere.ask(link, method="POST").text
    assert mail_of(ada)["address_confirmed_at"] is not None
    assert "is confirmed since" in ada.ask("/account/preferences").text
    assert "<dd>confirmed</dd>" in ada.ask("/account").text
    assert mails() == []


def test_another_address_must_be_confirmed_anew_and_the_old_link_is_worth_nothing(confirmed, mails):
    assert confirmed.post("/account/email", email=NEW_EMAIL, password=PASSWORD).status == 303
    assert mail_of(confirmed)["address_confirmed_at"] is None
    (mail,) = mails()
    assert mail["To"] == NEW_EMAIL
    assert confirmed.post("/account/email", email="eve@mail.example", password=PASSWORD).status == 303
    assert [each["To"] for each in mails()] == ["eve@mail.example"]  # and no second one for the address before
    reply = confirmed.ask(link_in(mail, "confirm"), method="POST")
    assert (reply.status, "worth nothing any more" in reply.text) == (422, True)
    assert mail_of(confirmed)["address_confirmed_at"] is None


def test_the_link_is_sent_again_but_not_every_moment(ada, mails, small_lab):
    reply = ada.post("/account/send-confirmation")
    assert (reply.status, "A link was sent a few minutes ago" in reply.text) == (422, True)
    small_lab.later(minutes=10)
    assert ada.post("/account/send-confirmation").headers["location"] == "/account/preferences?done=confirmation"
    assert len(mails()) == 1
    ada.ask(link_in(mails()[0], "confirm"), method="POST")
    small_lab.later(minutes=10)
    reply = ada.post("/account/send-confirmation", form=ada.token("/account/preferences"))
    assert "confirmed already" in reply.text


def test_a_forgotten_password_is_replaced_by_a_link_once(confirmed, new_visitor, mails):
    keys = confirmed.shown_keys()
    stranger = new_visitor()
    page = stranger.post("/account/forgot", email=f" {EMAIL.upper()} ")
    assert (page.status, "a mail with a link is on its way" in page.text) == (200, True)
    (mail,) = mails(outbox.RESET)
    link = link_in(mail, "reset")
    assert "new_password" in stranger.ask(link).text
    weak = stranger.ask(link, method="POST", body=urlencode({"new_password": "password1"}).encode())
    assert (weak.status, "many people choose" in weak.text) == (422, True)
    reply = stranger.ask(link, method="POST", body=urlencode({"new_password": NEW_PASSWORD}).encode())
    assert (reply.status, reply.headers["location"]) == (303, "/account/sign-in?done=reset")
    assert confirmed.ask("/account").status == 303  # every browser is signed out
    assert stored(confirmed).password_serial == 2
    assert is_password(stored(confirmed).password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    again = stranger.ask(link, method="POST", body=urlencode({"new_password": PASSWORD}).encode())
    assert (again.status, "worth nothing any more" in again.text) == (422, True)
    assert stranger.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
    renewed = stranger.post("/account/keys", password=NEW_PASSWORD).text
    assert [key in renewed for key in keys] == [True, False]  # as with any other change of the password


def stored(visitor) -> Account:
    return visitor.look(lambda db: accounts.by_email(db, EMAIL))[1]


def test_a_link_for_a_password_lasts_an_hour(confirmed, new_visitor, mails, small_lab):
    stranger = new_visitor()
    stranger.post("/account/forgot", email=EMAIL)
    link, body = link_in(mails(outbox.RESET)[0], "reset"), urlencode({"new_password": NEW_PASSWORD}).encode()
    small_lab.later(minutes=60)
    assert "Ask for another one" in stranger.ask(link).text
    assert stranger.ask(link, method="POST", body=body).status == 422
    assert is_password(stored(confirmed).password, account_keys.passwd_hash(PASSWORD, EMAIL))


def test_a_change_of_the_password_ends_a_link_for_another(confirmed, new_visitor, mails):
    stranger = new_visitor()
    stranger.post("/account/forgot", email=EMAIL)
    link = link_in(mails(outbox.RESET)[0], "reset")
    confirmed.post("/account/password", password=PASSWORD, new_password="a third kettle in july")  # noqa: S106
    body = urlencode({"new_password": NEW_PASSWORD}).encode()
    assert stranger.ask(link, method="POST", body=body).status == 422


def test_nobody_learns_by_a_forgotten_password_who_has_an_account(confirmed, new_visitor, mails):
    bob = new_visitor()
    assert bob.register(name="Bob", email="bob@mail.example").status == 303  # who has not confirmed
    said = set()
    for email in (EMAIL, "bob@mail.example", "nobody@mail.example"):
        stranger = new_visitor()
        reply = stranger.post("/account/forgot", email=email)
        said.add((reply.status, re.sub(r'name="form" value="\w+"', "", reply.text)))
    assert len(said) == 1
    assert [mail["To"] for mail in mails(outbox.RESET)] == [EMAIL]
    audited = confirmed.look(
        lambda db: db.select("SELECT arguments, answer FROM audit WHERE command = 'account.forgot'")
    )
    assert audited == [{"arguments": "{}", "answer": "{}"}] * 3


@pytest.mark.usefixtures("confirmed")
def test_asking_again_and_again_fills_no_mailbox_and_has_to_wait(new_visitor, mails, small_lab):
    stranger = new_visitor(peer="198.51.100.9")
    said = [stranger.post("/account/forgot", email=EMAIL).text for _ in range(12)]
    assert ["Please try again in a few minutes" in each for each in said] == [False] * 10 + [True] * 2
    assert len(mails(outbox.RESET)) == 1
    nobody = [stranger.post("/account/forgot", email="nobody@mail.example").text for _ in range(12)]
    assert ["Please try again in a few minutes" in each for each in nobody] == [False] * 10 + [True] * 2
    small_lab.later(minutes=10)
    stranger.post("/account/forgot", email=EMAIL)
    assert len(mails(outbox.RESET)) == 1  # the one of before was not sent yet


def chosen(visitor) -> set[str]:
    return visitor.look(lambda db: subscriptions.of_volunteer(db, visitor.account()[0].id))


def test_mail_is_chosen_in_the_preferences_and_off_until_then(ada):
    assert chosen(ada) == set()
    assert ada.post("/account/mail", digest="1", silence="1").headers["location"] == "/account/preferences?done=mail"
    assert chosen(ada) == {"digest", "silence"}
    assert ada.ask("/account/preferences").text.count(" checked") == 4  # with the two kinds of work
    ada.post("/account/mail", silence="1")
    assert chosen(ada) == {"silence"}


@pytest.fixture
def to_end(ada, small_lab):
    """The address that ends mail of a kind."""
    ada.post("/account/mail", digest="1", silence="1")
    secret, number = load_secrets(small_lab.folder.keys).accounts, ada.account()[0].id
    return lambda purpose: f"/account/unsubscribe?token={link_token(secret, purpose, number)}"


def test_mail_is_ended_without_signing_in_by_a_button(ada, new_visitor, to_end):
    stranger, link = new_visitor(), to_end(LinkPurpose.DIGEST)
    page = stranger.ask(link)
    assert (page.status, "End the weekly mail" in page.text) == (200, True)
    assert chosen(ada) == {"digest", "silence"}  # looking changes nothing
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)[1]
    assert stranger.ask(action, method="POST", origin=ORIGIN).status == 200
    assert chosen(ada) == {"silence"}
    assert stranger.ask(action, method="POST").status == 200  # once more does no harm


def test_mail_is_ended_by_a_mail_program_with_one_click(ada, to_end):
    program = Visitor(app=ada.app, folder=ada.folder, peer="203.0.113.5")  # without cookies, origin or a look before
    body = urlencode({"List-Unsubscribe": "One-Click"}).encode()
    assert program.ask(to_end(LinkPurpose.SILENCE), method="POST", body=body).status == 200
    program.close()
    assert chosen(ada) == {"digest"}


def test_a_link_does_only_what_it_is_for(confirmed, mails, to_end):
    confirmed.post("/account/email", email=NEW_EMAIL, password=PASSWORD)
    confirm = link_in(mails(outbox.CONFIRM)[0], "confirm").partition("=")[2]
    digest = to_end(LinkPurpose.DIGEST).partition("=")[2]
    before = confirmed.stored()
    for page, token in (("reset", confirm), ("confirm", digest), ("unsubscribe", confirm), ("reset", digest)):
        body = urlencode({"new_password": NEW_PASSWORD}).encode()
        reply = confirmed.ask(f"/account/{page}?token={token}", method="POST", body=body)
        assert (page, reply.status) == (page, 422)
        assert "worth nothing any more" in confirmed.ask(f"/account/{page}?token={token}").text
    assert confirmed.stored() == before


def test_the_account_says_everything_that_is_stored_of_its_mail(ada):
    ada.post("/account/mail", digest="1")
    said = mail_of(ada)
    assert (said["digest"], said["silence"], said["address_confirmed_at"]) == (True, False, None)
    assert [(each["kind"], each["sent_at"]) for each in said["messages"]] == [("confirm", None)]


def test_of_an_erased_account_no_mail_is_left_and_no_link_works(confirmed, to_end, mails, new_visitor):
    new_visitor().post("/account/forgot", email=EMAIL)
    link = link_in(mails(outbox.RESET)[0], "reset")
    number = confirmed.account()[0].id
    assert confirmed.post("/account/erase", password=PASSWORD, is_sure="1").status == 303
    for table in ("outbox", "subscription"):
        assert confirmed.look(lambda db, table=table: db.select(f"SELECT * FROM {table}")) == []  # noqa: S608
    assert confirmed.look(lambda db: accounts.confirmed_at(db, number)) is None
    stranger = new_visitor()
    body = urlencode({"new_password": NEW_PASSWORD}).encode()
    assert [stranger.ask(each, method="POST", body=body).status for each in (link, to_end(LinkPurpose.DIGEST))] == [
        422,
        422,
    ]


def test_an_account_that_a_client_of_boinc_opened_gets_the_link_too(new_visitor, mails):
    keeper = new_visitor().app.app._reception.doorkeeper
    hashed = account_keys.passwd_hash(PASSWORD, EMAIL)
    keeper.create(CreateAccount(email=EMAIL, passwd_hash=hashed, name="Ann"), "192.0.2.9")
    assert [mail["To"] for mail in mails(outbox.CONFIRM)] == [EMAIL]


def test_pages_of_mail_come_in_the_language_and_repeat_no_link(new_visitor):
    visitor = new_visitor()
    visitor.cookies["lang"] = "de"
    assert "<h1>Ein neues Passwort</h1>" in visitor.ask("/account/forgot").text
    assert "Wählen Sie per E-Mail ein neues" in visitor.ask("/account/sign-in").text
    page = visitor.ask("/account/reset?token=worthless").text
    assert "Dieser Link ist nichts mehr wert" in page
    assert ('<html lang="de">' in page, "/language/" in page) == (True, False)
