"""Forms: nobody but the page on which they are can send them, and what no browser writes changes nothing."""

from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD

from axiom.decisions.accounts.throttle import MOST_DONE
from axiom.web.account.pages import ACTS, PAGES

FIELDS = {
    "/account/register": {"name": "Eve", "email": "eve@mail.example", "password": PASSWORD},
    "/account/sign-in": {"email": EMAIL, "password": PASSWORD},
    "/account/sign-out": {},
    "/account/profile": {"name": "Eve", "is_exported": "1"},
    "/account/preferences": {"resource_share": "1", "on_cores": "1", "venue": "work"},
    "/account/place": {"host": "1", "venue": "work"},
    "/account/password": {"password": PASSWORD, "new_password": NEW_PASSWORD},
    "/account/email": {"email": "eve@mail.example", "password": PASSWORD},
    "/account/keys": {"password": PASSWORD},
    "/account/new-key": {"password": PASSWORD},
    "/account/forgot": {"email": EMAIL},
    "/account/send-confirmation": {},
    "/account/mail": {"digest": "1"},
    "/account/erase": {"password": PASSWORD, "is_sure": "1"},
    "/account/team/found": {"name": "Eve and friends"},
    "/account/team/join": {"team": "1"},
    "/account/team/leave": {},
    "/account/ideas/add": {"question": "Is it so?", "why": "I have seen it."},
    "/account/ideas/withdraw": {"idea": "1"},
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


def test_every_form_is_tried():
    assert set(FIELDS) == set(ACTS) - BY_LINK


@pytest.fixture
def sends_mail() -> bool:
    """A site whose laboratory sends mail has every form."""
    return True


@pytest.fixture
def at_their_form(ada, new_visitor, small_lab):
    """A browser that may send this form: signed in, but for those that are for visitors."""
    small_lab.later(minutes=11)  # since a link was mailed
    ada.post("/account/team/found", name="The Sums")
    ada.post("/account/ideas/add", question="Is it not so?", why="I have not.")
    assert ada.attach("attic") == 1
    return lambda path: ada if PAGES[ACTS[path].page].is_private else new_visitor()


@pytest.mark.parametrize("path", FIELDS)
def test_a_form_that_is_not_from_our_page_changes_nothing(at_their_form, path):
    browser = at_their_form(path)
    token, before = browser.token(ACTS[path].page), browser.stored()
    for name, (changes, headers) in FOREIGN.items():
        body = urlencode({"form": token, **FIELDS[path], **changes}).encode()
        reply = browser.ask(path, method="POST", body=body, **headers)
        assert (name, reply.status) == (name, 403)
        assert "did not come from a page of this site" in reply.text
    assert browser.stored() == before
    body = urlencode({"form": token, **FIELDS[path]}).encode()
    assert browser.ask(
        path, method="POST", body=body, referer=f"{ORIGIN}/account", sec_fetch_site="same-origin"
    ).status in {
        200,
        303,
    }


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


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"name=%ff%fe",
        b"&" * 1000,
        b"name=" + b"a" * 60_000,
        b"name=%00",
        b"{}",
        b"form=\xc3\xa9",
        b"form=%C3%A9",
    ],
)
def test_a_form_that_no_browser_writes_changes_nothing(ada, body):
    before = ada.stored()
    for path in ACTS:
        assert ada.ask(path, method="POST", body=body, origin=ORIGIN).status in {303, 422 if path in BY_LINK else 403}
    assert ada.stored() == before


def test_a_form_that_is_too_long_is_not_read(ada):
    assert ada.ask("/account/profile", method="POST", body=b"a" * 70_000, origin=ORIGIN).status == 413


def test_a_form_that_breaks_off_changes_nothing_and_is_no_fault(ada, caplog):
    before, coming = ada.stored(), [{"type": "http.request", "body": b"form=", "more_body": True}]
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
        heard = [ada.ask(path, method="POST", body=body, origin=ORIGIN).status for _ in range(MOST_DONE)]
        assert set(heard) == {303}
        before = ada.stored()
        late = ada.ask(path, method="POST", body=body, origin=ORIGIN)
        assert (late.status, "was done in this account many times" in late.text) == (422, True)
        assert ada.stored() == before
    assert ada.post("/account/password", **FIELDS["/account/password"]).status == 303
    assert ada.post("/account/sign-out").status == 303
    assert ada.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
