"""Joining, an account and an operator's desk in a real browser: forms, cookies, keys; and everybody can read them."""

import re
from collections.abc import Iterator

import pytest
from account_site import EMAIL, NEW_PASSWORD, PASSWORD, receiving
from browser import MODES, faults, look_everywhere, serving, tour, visit
from playwright.sync_api import Page, expect
from real_parts import need
from site_operator import code_of, furnish, give_role

from axiom.boinc.account_keys import passwd_hash
from axiom.domain.fleet import Capacity, Platform
from axiom.laboratory.runner.offer import RunnerOffers
from axiom.server.accounts.account_credentials import open_account
from axiom.server.accounts.stored_passwords import stored_password
from axiom.service.sockets import listen_on_port
from axiom.signed.keys import load_secrets, make_keys, make_secrets
from axiom.signed.mail_links import LinkPurpose, link_token
from axiom.store.accounts import accounts, teams
from axiom.store.connections import Connections
from axiom.store.hosts import hosts
from axiom.store.registrations import proposals

pytestmark = need("chromium")
HERE = Platform(system="linux", processor="x86_64", instructions="avx2")
EVES, EVE = "eve@mail.example", 1
IN_TURN = [[mode] for mode in MODES]  # `scripts/campaign stories` sees each page in all of them
OPEN = ("/join", "/account/register", "/account/sign-in", "/account/forgot")
ACCOUNT = ("", "/profile", "/preferences", "/team", "/ideas", "/security")
OPERATOR = ("/operator", "/operator/experiments", "/operator/news", "/operator/programs", "/proposals/1")


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    """A laboratory with a runner on offer, a proposal that waits, teams, and Eve with two hosts, who is operator."""
    lab = new_lab(tmp_path_factory.mktemp("account") / "lab")
    furnish(lab, prepared)
    lab.folder.keys.mkdir(mode=0o700)
    make_keys(lab.folder.keys, lab.now)
    secrets = make_secrets(lab.folder.keys)
    RunnerOffers(lab.folder, secrets.code).here(HERE, lab.now)
    who = {"name": "Eve", "email": EVES, "password": stored_password(passwd_hash(PASSWORD, EVES))}
    with lab.db.transaction():
        eve = open_account(lab.db, secrets.accounts, **who, now=lab.now)
        assert eve == EVE
        for name in ("attic", "cellar"):
            capacity = Capacity(cores=4, memory_mb=8_000)
            host = hosts.upsert_host(lab.db, volunteer_id=eve, name=name, platform=HERE, capacity=capacity, now=lab.now)
            hosts.record_no_work_reason(lab.db, host, f"the {name} has as many tasks as it may have")
        team = teams.create_team(
            lab.db, name="The Sums", founder_id=eve, country="France", website="", about="We add.", now=lab.now
        )
        accounts.set_volunteer_team(lab.db, eve, team)
        teams.create_team(lab.db, name="The Products", founder_id=eve, country="", website="", about="", now=lab.now)
    return lab


@pytest.fixture(scope="module")
def address(lab) -> Iterator[str]:
    with listen_on_port("127.0.0.1", 0) as listening:
        master = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with receiving(lab, master, approvals="code", sends_mail=True) as app, serving(app, listening):
            give_role(app, EVE, lab.now, "eve")
            yield master.rstrip("/")


@pytest.fixture
def eve(page: Page, address: str) -> Page:
    """The browser of somebody who has hosts and a team, signed in."""
    sign_in(page, address, EVES, PASSWORD)
    assert page.url == f"{address}/account"
    return page


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/account/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def act(page: Page, lab, address: str) -> None:
    """Somebody who is signed in acts as operator from now on."""
    lab.later(seconds=60)  # each code is good once
    page.goto(f"{address}/operator/sign-in")
    page.get_by_label("Code").fill(code_of(lab.folder.keys, EVE, lab.now))
    page.get_by_role("button", name="Act as operator").click()
    assert page.url == f"{address}/operator"


def done(page: Page) -> None:
    expect(page.get_by_role("status")).to_be_visible()


def test_somebody_joins_asks_a_question_and_changes_their_password_without_scripts(browser, address):
    with visit(browser, java_script_enabled=False) as page:
        page.goto(f"{address}/join")
        page.get_by_role("link", name="make it here").click()
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        done(page)

        page.get_by_role("link", name="Sign-in and keys").click()
        shown = page.locator("form[action='/account/keys']")
        shown.get_by_label("Password").fill(PASSWORD)
        shown.get_by_role("button", name="Show my keys").click()
        assert re.fullmatch(r"[0-9a-f]{32}", page.locator("#account-key").inner_text())
        assert re.fullmatch(r"[0-9]+_[0-9a-f]{32}", page.locator("#weak-key").inner_text())

        page.goto(f"{address}/ideas")
        page.get_by_label("Your question").fill("Is it <b>so</b>?")
        page.get_by_label("Why it is worth asking").fill("I have seen it.\nTwice.")
        page.get_by_role("button", name="Send the question").click()
        mine = page.get_by_role("region", name="Your ideas")
        expect(mine).to_contain_text("Is it <b>so</b>?")
        page.get_by_role("button", name="Take idea 1 back").click()
        expect(mine).to_contain_text("Withdrawn")

        page.goto(f"{address}/account/security")
        change = page.locator("form[action='/account/password']")
        change.get_by_label("Present password").fill(PASSWORD)
        change.get_by_label("New password").fill(NEW_PASSWORD)
        change.get_by_role("button").click()
        done(page)
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{address}/account")
        assert page.url == f"{address}/account/sign-in"
        sign_in(page, address, EMAIL, PASSWORD)
        expect(page.locator(".wrong")).to_be_visible()
        sign_in(page, address, EMAIL, NEW_PASSWORD)
        assert page.url == f"{address}/account"


def test_everybody_can_read_the_way_in_and_where_a_link_of_a_mail_leads(page, address, lab):
    secret = load_secrets(lab.folder.keys).accounts

    def link(name: str, purpose: LinkPurpose, bound: str) -> str:
        return f"{address}/account/{name}?token={link_token(secret, purpose, EVE, bound)}"

    links = [
        link("confirm", LinkPurpose.CONFIRM, EVES),
        link("reset", LinkPurpose.RESET, "1"),
        link("unsubscribe", LinkPurpose.DIGEST, ""),
    ]
    worthless = [link[:-1] for link in links]
    assert tour(page, [*(address + path for path in OPEN), *links, *worthless], IN_TURN) == {}
    sign_in(page, address, EVES, PASSWORD)
    page.set_content(f'<a href="{links[0]}">as a mail program shows it</a>')
    page.get_by_role("link").click()
    page.get_by_role("button", name="Confirm the address").click()
    done(page)
    page.get_by_role("link", name="preferences").click()
    expect(page.get_by_text("is confirmed since")).to_be_visible()


def test_everybody_can_read_their_account_and_what_is_wrong_with_a_form(eve, address):
    assert tour(eve, [*(f"{address}/account{path}" for path in ACCOUNT), f"{address}/ideas"], IN_TURN) == {}
    eve.goto(f"{address}/account/profile")
    eve.get_by_label("Name").fill("<b>")
    eve.get_by_label("Website").fill("ftp://sums.example")
    eve.get_by_role("button", name="Store").click()
    expect(eve.get_by_role("alert")).to_be_visible()
    assert eve.get_by_label("Website").input_value() == "ftp://sums.example"
    assert look_everywhere(eve, MODES[:1]) == {}
    eve.goto(f"{address}/account/security")
    shown = eve.locator("form[action='/account/keys']")
    shown.get_by_label("Password").fill(PASSWORD)
    shown.get_by_role("button").click()
    assert look_everywhere(eve, MODES[-1:]) == {}
    eve.goto(f"{address}/account/preferences")
    eve.get_by_label("Computer", exact=True).select_option(label="host 1, attic")
    eve.get_by_label("Place", exact=True).select_option("work")
    eve.get_by_role("button", name="Store the place").click()
    expect(eve.get_by_label("Computer", exact=True)).to_contain_text("host 1, attic (work)")
    eve.get_by_role("button", name="work").click()
    at_work = eve.locator("form[action='/account/preferences/work']")
    at_work.get_by_label("Resource share").fill("7")
    at_work.get_by_role("button", name="Store").click()
    expect(at_work.get_by_label("Resource share")).to_have_value("7")
    expect(eve.get_by_label("Resource share").first).to_have_value("100")
    assert look_everywhere(eve, MODES) == {}
    eve.get_by_role("button", name="Remove").click()
    expect(at_work).to_have_count(0)


def test_another_site_sends_no_form_in_somebody_s_name_and_a_stranger_sees_nothing(eve, browser, address):
    expect(eve.get_by_text("The attic has as many tasks as it may have")).to_be_visible()
    evil = f"{address.replace('127.0.0.1', 'localhost')}/evil"  # another site to a browser: another host
    form = f'<form method="post" action="{address}/account/sign-out"><button>Win'
    eve.route(evil, lambda route: route.fulfill(body=form, content_type="text/html"))
    eve.goto(evil)
    with eve.expect_response(f"{address}/account/sign-out") as sent:
        eve.get_by_role("button", name="Win").click()
    assert sent.value.request.headers.get("cookie") is None
    eve.goto(f"{address}/account")
    assert eve.url == f"{address}/account"
    with visit(browser) as stranger:
        stranger.goto(f"{address}/account")
        assert stranger.url == f"{address}/account/sign-in"
        assert "attic" not in stranger.content()


def test_an_operator_approves_a_proposal_and_speaks_to_everybody_without_scripts(browser, lab, address):
    with visit(browser, java_script_enabled=False) as desk:
        sign_in(desk, address, EVES, PASSWORD)
        act(desk, lab, address)
        desk.get_by_role("link", name="What becomes of finding 1").click()
        assert desk.url == f"{address}/proposals/1"
        desk.get_by_label("Why it should be asked").fill("it is worth its cost")
        desk.get_by_role("button", name="Approve…").click()
        desk.get_by_role("button", name="Approve proposal 1").click()
        done(desk)
        with Connections(folder=lab.folder).reader() as db:
            kept = proposals.find_proposal(db, 1)
        assert (kept.state, kept.decided_by) == ("approved", "operator:eve")

        desk.get_by_role("link", name="News").first.click()
        desk.get_by_label("In one line").fill("We move on Friday")
        desk.get_by_role("button", name="Say it…").click()
        desk.get_by_role("button", name="Say “We move on Friday”").click()
        done(desk)
        desk.goto(f"{address}/news")
        expect(desk.get_by_role("heading", name="We move on Friday")).to_be_visible()


def test_everybody_can_read_the_operator_s_pages_and_what_is_done_in_two_steps(eve, lab, address):
    act(eve, lab, address)
    assert tour(eve, [address + path for path in OPERATOR], IN_TURN) == {}
    eve.goto(f"{address}/operator/programs")
    form = eve.locator("form[action='/operator/program.add']")
    form.get_by_label("Name").fill("ada-1")
    form.get_by_role("button").click()
    assert look_everywhere(eve, MODES[:1]) == {}
    eve.get_by_role("button", name="Let program ada-1 in").click()
    expect(eve.locator("#token")).to_contain_text("axiom_")
    assert look_everywhere(eve, MODES[-1:]) == {}
    eve.goto(f"{address}/operator")
    eve.get_by_role("button", name="Act as operator no more").click()
    complaints = faults(eve)
    eve.goto(f"{address}/operator")
    assert eve.url == f"{address}/operator/sign-in"
    assert look_everywhere(eve, MODES[1:2]) == {}
    eve.get_by_label("Code").fill("000000")
    with eve.expect_response(f"{address}/operator/sign-in") as sent:
        eve.get_by_role("button").click()
    assert sent.value.status == 422
    assert look_everywhere(eve, MODES[:1]) == {}
    assert len(complaints) == 1  # the browser itself says that a form was refused
