"""Forms: nobody but the page on which they are can send them, and what no browser writes changes nothing."""

from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD

from axiom.decisions.accounts.throttle import MOST_DONE
from axiom.web.account.pages import ACTS, PAGES

FIELDS = {  # in an order in which each of them can be sent after those before
    "/account/register": {"name": "Eve", "email": "eve@mail.example", "password": PASSWORD},
    "/account/sign-in": {"email": EMAIL, "password": PASSWORD},
    "/account/forgot": {"email": EMAIL},
    "/account/profile": {"name": "Eve", "is_exported": "1"},
    "/account/preferences": {"resource_share": "1", "on_cores": "1", "venue": "work"},
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
    "no token": ({"form": ""}, {"origin": ORIGIN}),
    "a token of nobody": ({"form": "0" * 64}, {"origin": ORIGIN}),
    "another origin": ({}, {"origin": "http://evil.example"}),
    "an origin that begins alike": ({}, {"origin": f"{ORIGIN}.evil.example"}),
    "an origin that is hidden": ({}, {"origin": "null"}),
    "no origin": ({}, {}),
    "another page that refers": ({}, {"referer": "http://evil.example/page"}),
    "a fetch from another site": ({}, {"origin": ORIGIN, "sec_fetch_site": "cross-site"}),
    "a fetch from another port": ({}, {"origin": ORIGIN, "sec_fetch_site": "same-site"}),
}
BY_LINK = {path for path, page in PAGES.items() if page.is_by_link}  # a link proves what a token proves elsewhere


@pytest.fixture
def sends_mail() -> bool:
    """A site whose laboratory sends mail has every form."""
    return True


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
        token, before = browser.token(page.path), browser.stored()
        for name, (changes, headers) in FOREIGN.items():
            body = urlencode({"form": token, **fields, **changes}).encode()
            assert (name, browser.ask(path, method="POST", body=body, **headers).status) == (name, 403)
        assert browser.stored() == before
        body = urlencode({"form": token, **fields}).encode()
        ours = {"referer": f"{ORIGIN}/account", "sec_fetch_site": "same-origin"}
        assert browser.ask(path, method="POST", body=body, **ours).status in {200, 303}, path


def test_the_token_of_one_browser_is_worth_nothing_in_another(ada, new_visitor):
    token = new_visitor().token("/account/register")
    before = ada.stored()
    assert ada.post("/account/profile", form=token, name="Eve").status == 403
    stranger = new_visitor()  # it was never shown a form, so it has no cookie
    body = urlencode({"form": token, **FIELDS["/account/register"]}).encode()
    assert stranger.ask("/account/register", method="POST", body=body, origin=ORIGIN).status == 403
    assert ada.stored() == before


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
        b"\xff\xfe",
        b"name=%ff%fe",
        b"&" * 1000,
        b"name=" + b"a" * 60_000,
        b"name=%00",
        b"{}",
        b"form=\xc3\xa9",
    ):
        for path in ("/account/register", "/account/profile", *BY_LINK):
            status = 422 if path in BY_LINK else 403
            assert ada.ask(path, method="POST", body=body, origin=ORIGIN).status in {303, status}
    assert ada.ask("/account/profile", method="POST", body=b"a" * 70_000, origin=ORIGIN).status == 413
    coming = [{"type": "http.request", "body": b"form=", "more_body": True}]
    scope = {"type": "http", "method": "POST", "path": "/account/profile", "query_string": b"", "headers": []}

    async def receive():
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(_) -> None:
        """Nobody is there any more."""

    ada.loop.run_until_complete(ada.app(scope, receive, send))
    assert ada.stored() == before
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_same_is_done_in_an_account_only_so_often_and_what_needs_the_password_still_is(ada):
    token = ada.token("/account/team")
    for path in ("/account/team/leave", "/account/preferences"):
        body = urlencode({"form": token, **FIELDS[path]}).encode()
        statuses = {ada.ask(path, method="POST", body=body, origin=ORIGIN).status for _ in range(MOST_DONE)}
        before = ada.stored()
        assert (statuses, ada.ask(path, method="POST", body=body, origin=ORIGIN).status) == ({303}, 422)
        assert ada.stored() == before
    assert ada.post("/account/password", **FIELDS["/account/password"]).status == 303
    assert ada.post("/account/sign-out").status == 303
    assert ada.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
