"""An operator in a real browser without scripts: password, code, an approval, a line of news; all can read it."""

from collections.abc import Iterator

import pytest
from account_site import PASSWORD, receiving
from browser import faults, look_everywhere, serving
from playwright.sync_api import Browser, Page, expect
from site_operator import code_of, furnish, give_role

from axiom.boinc.account_keys import passwd_hash
from axiom.boinc.accounts import CreateAccount
from axiom.server.accounts.accounts import open_account
from axiom.server.accounts.password_hashes import stored_password
from axiom.service.sockets import on_port
from axiom.signed.keys import make_keys, make_secrets
from axiom.store.connections import Connections
from axiom.store.registrations import proposals

EMAIL, ADA = "ada@mail.example", 1


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    """A laboratory in which something waits for an operator, and somebody's account."""
    lab = new_lab(tmp_path_factory.mktemp("operator") / "lab")
    furnish(lab, prepared)
    lab.folder.keys.mkdir(mode=0o700)
    make_keys(lab.folder.keys, lab.now)
    asked = CreateAccount(email=EMAIL, passwd_hash=passwd_hash(PASSWORD, EMAIL), name="Ada")
    secret = make_secrets(lab.folder.keys).accounts
    with lab.db.transaction():
        assert open_account(lab.db, secret, asked, stored_password(asked.passwd_hash), lab.now) == ADA
    return lab


@pytest.fixture(scope="module")
def address(lab) -> Iterator[str]:
    with on_port("127.0.0.1", 0) as listening:
        master = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with receiving(lab, master, approvals="code") as app, serving(app, listening):
            give_role(app, ADA, lab.now)
            yield master.rstrip("/")


@pytest.fixture
def desk(browser: Browser, lab, address: str) -> Iterator[Page]:
    """The browser of somebody who has signed in as operator; no script runs in it."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, lab, address)
        yield page


def sign_in(page: Page, lab, address: str) -> None:
    lab.later(seconds=60)  # each code is good once
    page.goto(f"{address}/account/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Operator").click()
    assert page.url == f"{address}/operator/sign-in"
    page.get_by_label("Code").fill(code_of(lab.folder.keys, ADA, lab.now))
    page.get_by_role("button", name="Act as operator").click()
    assert page.url == f"{address}/operator"


def test_an_operator_approves_a_proposal_and_says_something_to_everybody(desk, lab, address):
    desk.get_by_role("link", name="What becomes of finding 1").click()
    assert desk.url == f"{address}/proposals/1"
    desk.get_by_label("Why it should be asked").fill("it is worth its cost")
    desk.get_by_role("button", name="Approve…").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Approve proposal 1?")
    desk.get_by_role("button", name="Approve proposal 1").click()
    expect(desk.get_by_role("status")).to_contain_text("Done, in your name")
    with Connections(folder=lab.folder).reader() as db:
        kept = proposals.one(db, 1)
    assert (kept.state, kept.decided_by) == ("approved", "operator:ada")

    desk.get_by_role("link", name="News").first.click()
    desk.get_by_label("In one line").fill("We move on Friday")
    desk.get_by_role("button", name="Say it…").click()
    desk.get_by_role("button", name="Say “We move on Friday”").click()
    expect(desk.get_by_role("status")).to_contain_text("Done, in your name")
    desk.goto(f"{address}/news")
    expect(desk.get_by_role("heading", name="We move on Friday")).to_be_visible()


@pytest.fixture
def seen(page: Page, lab, address: str) -> Page:
    """The same with scripts, by which a page is examined."""
    sign_in(page, lab, address)
    return page


@pytest.mark.parametrize(
    "path", ["/operator", "/operator/experiments", "/operator/news", "/operator/programs", "/proposals/1"]
)
def test_everybody_can_read_the_operator_s_pages(seen, address, path):
    complaints = faults(seen)
    assert seen.goto(address + path).status == 200
    assert look_everywhere(seen) == {}
    assert complaints == []


def test_everybody_can_read_what_is_done_in_two_steps(seen, address):
    complaints = faults(seen)
    seen.goto(f"{address}/operator/programs")
    form = seen.locator("form[action='/operator/program.add']")
    form.get_by_label("Name").fill("ada-1")
    form.get_by_role("button").click()
    assert look_everywhere(seen) == {}
    seen.get_by_role("button", name="Let program ada-1 in").click()
    expect(seen.locator("#token")).to_contain_text("axiom_")
    assert look_everywhere(seen) == {}
    seen.goto(f"{address}/operator/programs")
    assert look_everywhere(seen) == {}
    assert complaints == []


def test_everybody_can_read_how_the_second_factor_is_asked_for(seen, address):
    seen.get_by_role("button", name="Act as operator no more").click()
    complaints = faults(seen)
    seen.goto(f"{address}/operator")
    assert seen.url == f"{address}/operator/sign-in"
    assert look_everywhere(seen) == {}
    seen.get_by_label("Code").fill("000000")
    with seen.expect_response(f"{address}/operator/sign-in") as sent:
        seen.get_by_role("button").click()
    assert sent.value.status == 422
    assert look_everywhere(seen) == {}
    assert len(complaints) == 1  # the browser itself says that a form was refused
