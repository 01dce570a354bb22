"""Joining in a real browser: an account is made, its key is seen, its password changes; and everybody can read it."""

import re
from collections.abc import Iterator

import pytest
from account_site import EMAIL, NEW_PASSWORD, PASSWORD, receiving
from browser import faults, look_everywhere, serving
from playwright.sync_api import Page, expect

from axiom.boinc.account_keys import passwd_hash
from axiom.boinc.accounts import CreateAccount
from axiom.domain.fleet import Capacity, Platform
from axiom.lab.runners.offer import Offers
from axiom.server.accounts.accounts import open_account
from axiom.server.accounts.password_hashes import stored_password
from axiom.service.sockets import on_port
from axiom.signed.keys import load_secrets, make_keys, make_secrets
from axiom.signed.mail_links import LinkPurpose, link_token
from axiom.store.accounts import accounts, teams
from axiom.store.hosts import hosts

HERE = Platform(system="linux", processor="x86_64", instructions="avx2")
OTHER_EMAIL, EVE = "eve@mail.example", 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the laboratory is."""
    return tmp_path_factory.mktemp("account") / "lab"


@pytest.fixture(scope="module")
def address(new_lab, prepared, folder) -> Iterator[str]:
    """A laboratory with a runner on offer, an open experiment, a team, and somebody with two hosts."""
    lab = new_lab(folder)
    lab.publish(prepared())
    lab.folder.keys.mkdir(mode=0o700)
    make_keys(lab.folder.keys, lab.now)
    secrets = make_secrets(lab.folder.keys)
    Offers(lab.folder, secrets.code).here(HERE, lab.now)
    asked = CreateAccount(email=OTHER_EMAIL, passwd_hash=passwd_hash(PASSWORD, OTHER_EMAIL), name="Eve")
    with lab.db.transaction():
        eve = open_account(lab.db, secrets.accounts, asked, stored_password(asked.passwd_hash), lab.now)
        assert eve == EVE
        for name in ("attic", "cellar"):
            capacity = Capacity(cores=4, memory_mb=8_000)
            host = hosts.meet(lab.db, volunteer_id=eve, name=name, platform=HERE, capacity=capacity, now=lab.now)
            hosts.told_why(lab.db, host, f"the {name} has as many tasks as it may have")
        team = teams.found(
            lab.db, name="The Sums", founder_id=eve, country="France", website="", about="We add.", now=lab.now
        )
        accounts.join(lab.db, eve, team)
        teams.found(lab.db, name="The Products", founder_id=eve, country="", website="", about="", now=lab.now)
    with on_port("127.0.0.1", 0) as listening:
        master = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with receiving(lab, master, sends_mail=True) as app, serving(app, listening):
            yield master.rstrip("/")


@pytest.fixture(scope="module")
def link(address, folder):
    """The address of a link that Eve gets by mail, for as long as her password is her first."""
    secret = load_secrets(folder / "keys").accounts
    bound = {LinkPurpose.CONFIRM: OTHER_EMAIL, LinkPurpose.RESET: "1"}

    def made(page: str, purpose: LinkPurpose) -> str:
        return f"{address}/account/{page}?token={link_token(secret, purpose, EVE, bound.get(purpose, ''))}"

    return made


@pytest.fixture
def eve(page: Page, address: str) -> Page:
    """The browser of somebody who has hosts and a team, signed in."""
    sign_in(page, address, OTHER_EMAIL, PASSWORD)
    assert page.url == f"{address}/account"
    return page


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/account/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_somebody_joins_sees_their_key_and_changes_their_password(browser, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/join")
        page.get_by_role("link", name="make it here").click()
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("status")).to_contain_text("Your account is open.")

        page.get_by_role("link", name="Sign-in and keys").click()
        shown = page.locator("form[action='/account/keys']")
        shown.get_by_label("Password").fill(PASSWORD)
        shown.get_by_role("button", name="Show my keys").click()
        assert re.fullmatch(r"[0-9a-f]{32}", page.locator("#account-key").inner_text())
        assert re.fullmatch(r"[0-9]+_[0-9a-f]{32}", page.locator("#weak-key").inner_text())

        page.get_by_role("link", name="Overview").click()
        page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{address}/account/sign-in"
        page.goto(f"{address}/account")
        assert page.url == f"{address}/account/sign-in"
        sign_in(page, address, EMAIL, PASSWORD)
        assert page.url == f"{address}/account"

        page.goto(f"{address}/account/security")
        change = page.locator("form[action='/account/password']")
        change.get_by_label("Present password").fill(PASSWORD)
        change.get_by_label("New password").fill(NEW_PASSWORD)
        change.get_by_role("button").click()
        expect(page.get_by_role("status")).to_contain_text("Your password is changed.")

        page.get_by_role("link", name="Overview").click()
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, address, EMAIL, PASSWORD)
        expect(page.locator(".wrong")).to_contain_text("There is no account with this e-mail address and this password")
        sign_in(page, address, EMAIL, NEW_PASSWORD)
        assert page.url == f"{address}/account"


@pytest.mark.parametrize("path", ["/join", "/account/register", "/account/sign-in", "/account/forgot"])
def test_everybody_can_read_the_way_in(page, address, path):
    complaints = faults(page)
    assert page.goto(address + path).status == 200
    assert look_everywhere(page) == {}
    assert complaints == []


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("confirm", LinkPurpose.CONFIRM), ("reset", LinkPurpose.RESET), ("unsubscribe", LinkPurpose.DIGEST)],
)
def test_everybody_can_read_where_a_link_of_a_mail_leads(page, link, name, purpose):
    complaints = faults(page)
    for address in (link(name, purpose), link(name, purpose)[:-1]):  # the second is worth nothing
        assert page.goto(address).status == 200
        assert look_everywhere(page) == {}
    assert complaints == []


def test_who_is_signed_in_confirms_their_address_by_a_link_from_elsewhere(eve, link):
    eve.set_content(f'<a href="{link("confirm", LinkPurpose.CONFIRM)}">as a mail program shows it</a>')
    eve.get_by_role("link").click()
    eve.get_by_role("button", name="Confirm the address").click()
    expect(eve.get_by_role("status")).to_contain_text("Your address is confirmed.")
    eve.get_by_role("link", name="preferences").click()
    expect(eve.get_by_text("is confirmed since")).to_be_visible()
    eve.get_by_label("Once a week: what my computers helped to find").check()
    eve.locator("form[action='/account/mail']").get_by_role("button").click()
    expect(eve.get_by_role("status")).to_contain_text("It is stored which mail you want.")


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/profile",
        "/account/preferences",
        "/account/team",
        "/account/ideas",
        "/account/security",
        "/ideas",
    ],
)
def test_everybody_can_read_their_account(eve, address, path):
    complaints = faults(eve)
    eve.goto(address + path)
    assert look_everywhere(eve) == {}
    assert complaints == []


def test_everybody_can_read_what_is_wrong_with_a_form_and_their_keys(eve, address):
    eve.goto(f"{address}/account/profile")
    eve.get_by_label("Name").fill("<b>")
    eve.get_by_label("Website").fill("ftp://sums.example")
    eve.get_by_role("button", name="Store").click()
    expect(eve.get_by_role("alert")).to_contain_text("2 fields need a change")
    assert eve.get_by_label("Website").input_value() == "ftp://sums.example"
    assert look_everywhere(eve) == {}
    eve.goto(f"{address}/account/security")
    shown = eve.locator("form[action='/account/keys']")
    shown.get_by_label("Password").fill(PASSWORD)
    shown.get_by_role("button").click()
    assert look_everywhere(eve) == {}


def test_a_computer_is_placed(eve, address):
    eve.goto(f"{address}/account/preferences")
    eve.get_by_label("Computer", exact=True).select_option(label="host 1, attic")
    eve.get_by_label("Place", exact=True).select_option("work")
    eve.get_by_role("button", name="Store the place").click()
    expect(eve.get_by_role("status")).to_contain_text("where this computer stands")
    expect(eve.get_by_label("Computer", exact=True)).to_contain_text("host 1, attic (work)")


def test_another_site_cannot_send_a_form_in_somebody_s_name(eve, address):
    token = eve.locator("form[action='/account/sign-out'] input[name=form]").get_attribute("value")
    evil = f"{address.replace('127.0.0.1', 'localhost')}/evil"  # another site to a browser: another host
    form = f'<form method="post" action="{address}/account/sign-out"><input name="form" value="{token}"><button>Win'
    eve.route(evil, lambda route: route.fulfill(body=form, content_type="text/html"))
    eve.goto(evil)
    with eve.expect_response(f"{address}/account/sign-out") as sent:
        eve.get_by_role("button", name="Win").click()
    assert sent.value.request.headers.get("cookie") is None
    eve.goto(f"{address}/account")
    assert eve.url == f"{address}/account"


def test_what_one_account_sees_stays_with_it(eve, browser, address):
    expect(eve.get_by_text("The attic has as many tasks as it may have")).to_be_visible()
    with browser.new_context() as context:
        stranger = context.new_page()
        stranger.goto(f"{address}/account")
        assert stranger.url == f"{address}/account/sign-in"
        assert "attic" not in stranger.content()


def test_a_volunteer_asks_a_question_in_the_box_and_takes_it_back(browser, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, address, OTHER_EMAIL, PASSWORD)
        page.goto(f"{address}/ideas")
        page.get_by_label("Your question").fill("Is it <b>so</b>?")
        page.get_by_label("Why it is worth asking").fill("I have seen it.\nTwice.")
        page.get_by_role("button", name="Send the question").click()
        expect(page.get_by_role("status")).to_contain_text("Your question is with the operator")
        expect(page.get_by_role("region", name="Your ideas")).to_contain_text("Is it <b>so</b>?")
        page.get_by_role("button", name="Take idea 1 back").click()
        expect(page.get_by_role("region", name="Your ideas")).to_contain_text("Withdrawn")
