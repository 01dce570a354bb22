"""Account pages: who is signed in, what a form may do, and that nobody else can fill it in."""

import hashlib
import logging
import re
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving

from axiom.boinc import account_keys
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts, teams
from axiom.web.account.pages import PAGES

WALK, COMMON, SHORT = "qwertyuiop", "password1", "canary1"
PUBLIC = {"/ideas"}  # it has a form for whoever is signed in; `test_ideas.py` looks at both
HOSTILE = '"><script>alert(1)</script>'


def test_an_account_is_made_and_its_page_says_how_to_attach(visitor):
    reply = visitor.register()
    assert (reply.status, reply.headers["location"]) == (303, "/account?done=opened")
    page = visitor.ask("/account?done=opened").text
    assert "Your account is open." in page
    assert f"boinccmd --project_attach {ORIGIN}/" in page
    found, account = visitor.account()
    assert (found.name, account.is_exported, account.shows_hosts) == ("Ada", False, True)


def test_what_was_typed_is_kept_and_what_is_wrong_is_said_beside_the_field(visitor):
    reply = visitor.register(name=HOSTILE, email="nobody", password=WALK)
    page = reply.text
    assert reply.status == 422
    assert "3 fields need a change" in page
    assert 'value="&#34;&gt;&lt;script&gt;' in page
    assert 'value="nobody"' in page
    assert HOSTILE not in page
    assert WALK not in page
    assert page.count('aria-invalid="true"') == 3
    for said in ("neither &lt; nor &gt;", "This is not an e-mail address", "The password follows a pattern"):
        assert said in page
    described = re.findall(r'aria-describedby="([^"]+)"', page)
    assert all(f'id="{part}"' in page for each in described for part in each.split())


def test_who_registers_again_is_signed_in_with_the_right_password_and_not_with_another(ada, new_visitor):
    again = new_visitor()
    assert again.register(name="Somebody").headers["location"] == "/account?done=known"
    other = new_visitor()
    reply = other.register(password=NEW_PASSWORD)
    assert (reply.status, "No account was opened" in reply.text) == (422, True)
    assert "axiom" not in other.cookies
    assert ada.look(lambda db: db.select("SELECT count(*) AS n FROM volunteer")) == [{"n": 1}]


def test_signing_in_gives_a_new_secret_of_128_bits_that_no_script_can_read(ada):
    first = ada.cookies["axiom"]
    assert len(first) == 22  # base64 of 16 bytes
    ada.post("/account/sign-out")
    assert "axiom" not in ada.cookies
    assert ada.ask("/account").headers["location"] == "/account/sign-in"
    reply = ada.post("/account/sign-in", email=f"  {EMAIL.upper()} ", password=PASSWORD)
    assert (reply.status, reply.headers["location"]) == (303, "/account")
    assert ada.cookies["axiom"] != first
    (cookie,) = ada.set_cookies
    assert set(cookie.lower().split("; ")[1:]) == {"httponly", "path=/", "samesite=strict", "max-age=1209600"}
    stored = ada.look(lambda db: db.select("SELECT * FROM sign_in"))
    assert [row["token_digest"] for row in stored] == [hashlib.sha256(ada.cookies["axiom"].encode()).hexdigest()]


def test_whoever_is_signed_in_sees_it_on_every_page_and_nobody_else_does(ada, new_visitor):
    other, way = new_visitor(), 'href="/account"'
    for page in ("/", "/hosts", "/status", "/join", "/nowhere", "/hosts/999", "/account"):
        assert way in ada.ask(page).text
    for page in ("/", "/hosts", "/nowhere"):  # which are kept since ada looked
        assert way not in other.ask(page).text
    ada.post("/account/sign-out")
    other.cookies["axiom"] = "a secret that nobody has"
    assert [way in each.ask("/hosts").text for each in (ada, other)] == [False, False]


def test_a_secret_that_was_signed_out_opens_nothing_any_more(ada, new_visitor):
    copied = new_visitor(cookies=dict(ada.cookies))
    assert copied.ask("/account").status == 200
    ada.post("/account/sign-out")
    assert copied.ask("/account").status == 303


def test_nobody_learns_from_signing_in_who_has_an_account(ada, new_visitor):
    said = set()
    for email in (EMAIL, "nobody@mail.example"):
        reply = new_visitor().post("/account/sign-in", email=email, password=NEW_PASSWORD)
        said.add((reply.status, re.search(r'class="wrong"[^>]*>([^<]+)<', reply.text)[1]))
    assert said == {(422, "There is no account with this e-mail address and this password.")}
    assert ada.ask("/account").status == 200


def test_whoever_guesses_has_to_wait_and_whoever_signed_in_from_there_before_has_not(ada, new_visitor):
    guesser = new_visitor(peer="198.51.100.9")
    said = [
        guesser.post("/account/sign-in", email=EMAIL, password=f"guess {number} of many").text for number in range(12)
    ]
    assert ["Please wait" in each for each in said] == [False] * 10 + [True] * 2
    assert "many wrong passwords for this account" in said[-1]
    assert ada.post("/account/keys", password=PASSWORD).status == 200


def test_who_is_signed_in_elsewhere_is_not_kept_out_by_what_others_guess(ada, new_visitor):
    ada.peer = "203.0.113.77"  # where this account's password was never typed, as everywhere after a restart
    guesser = new_visitor(peer="198.51.100.9")
    for number in range(11):
        guesser.post("/account/sign-in", email=EMAIL, password=f"guess {number} of many")
    assert ada.post("/account/keys", password=PASSWORD).status == 200
    ada.peer = "203.0.113.78"
    ada.post("/account/sign-out")
    assert ada.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 303
    assert guesser.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422


def test_an_address_opens_only_so_many_accounts(new_lab, tmp_path):
    lab = new_lab(tmp_path / "few")
    with receiving(lab, f"{ORIGIN}/", new_accounts=1) as app:
        first, second = (Visitor(app=app, folder=lab.folder) for _ in range(2))
        assert first.register().status == 303
        reply = second.register(name="Eve", email="eve@mail.example")
        assert (reply.status, "many accounts were opened from here" in reply.text) == (422, True)
        assert 'value="eve@mail.example"' in reply.text
        for each in (first, second):
            each.close()


def test_over_tls_the_cookies_are_bound_to_this_very_host(new_lab, tmp_path):
    lab = new_lab(tmp_path / "tls")
    with receiving(lab, "https://lab.example/") as app:
        visitor = Visitor(app=app, folder=lab.folder)
        reply = visitor.register(origin="https://lab.example")
        assert reply.status == 303
        assert set(visitor.cookies) == {"__Host-axiom", "__Host-axiom_visit"}
        assert "; secure" in visitor.set_cookies[0].lower()
        visitor.close()


@pytest.mark.parametrize("path", [path for path, page in PAGES.items() if page.is_private and path not in PUBLIC])
def test_private_pages_are_for_those_who_are_signed_in(ada, new_visitor, path):
    stranger = new_visitor()
    assert (stranger.ask(path).status, stranger.ask(path).headers["location"]) == (303, "/account/sign-in")
    forged = new_visitor(cookies={"axiom": "A" * 22})
    assert forged.ask(path).status == 303
    assert ada.ask(path).status == 200


@pytest.mark.parametrize("path", [*sorted(PAGES.keys() - PUBLIC), "/account.json"])
def test_no_page_of_an_account_is_kept_by_anybody_or_tells_others_where_one_was(ada, new_visitor, path):
    for browser in (ada, new_visitor()):
        headers = browser.ask(path).headers
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")
        assert "access-control-allow-origin" not in headers
        assert "default-src 'none'" in headers["content-security-policy"]


def test_own_data_are_in_one_file_without_any_secret(ada, new_visitor):
    found = ada.ask("/account.json").json["account"]
    assert (found["name"], found["email"], found["hosts"], found["team"]) == ("Ada", EMAIL, [], None)
    text = ada.ask("/account.json").text
    assert [word for word in (*ada.shown_keys(), "argon2", ada.cookies["axiom"]) if word in text] == []
    stranger = new_visitor().ask("/account.json")
    assert (stranger.status, stranger.json["error"]["kind"]) == (401, "NotAllowed")


def test_keys_are_shown_to_whoever_knows_the_password(ada):
    secret, number = load_secrets(ada.folder.keys).accounts, ada.account()[0].id
    assert ada.shown_keys() == (account_keys.account_key(secret, number, 1), account_keys.weak_key(secret, number, 1))
    refused = ada.post("/account/keys", password=NEW_PASSWORD)
    assert (refused.status, "This is not your password." in refused.text) == (422, True)
    assert not [key for key in ada.shown_keys() if key in ada.ask("/account/security").text]


def test_a_new_key_is_shown_and_the_old_one_is_worth_nothing(ada):
    before = ada.shown_keys()
    shown = ada.post("/account/new-key", password=PASSWORD).text
    after = ada.shown_keys()
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert after[0] in shown
    assert ada.look(lambda db: accounts.by_key(db, account_keys.key_digest(before[0]))) is None


def test_a_new_password_keeps_this_browser_and_signs_out_the_others(ada, new_visitor):
    other = new_visitor()
    other.post("/account/sign-in", email=EMAIL, password=PASSWORD)
    assert other.ask("/account").status == 200
    wrong = ada.post("/account/password", password=NEW_PASSWORD, new_password=COMMON)
    assert wrong.status == 422
    assert "This is not your password." in wrong.text
    assert "many people choose" in wrong.text
    assert ada.post("/account/password", password=PASSWORD, new_password=NEW_PASSWORD).status == 303
    assert ada.ask("/account").status == 200
    assert other.ask("/account").status == 303
    assert other.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert other.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303


def test_a_new_address_is_what_one_signs_in_with(ada, new_visitor):
    assert ada.post("/account/email", email="New@mail.example", password=PASSWORD).status == 303
    assert ada.ask("/account").status == 200
    assert new_visitor().post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert new_visitor().post("/account/sign-in", email="new@mail.example", password=PASSWORD).status == 303


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"password": PASSWORD}, "Nothing is erased until you tick this."),
        ({"password": NEW_PASSWORD, "is_sure": "1"}, "This is not your password."),
    ],
)
def test_nothing_is_erased_by_accident(ada, typed, said):
    reply = ada.post("/account/erase", **typed)
    assert (reply.status, said in reply.text) == (422, True)
    assert ada.account()[1].email == EMAIL


def test_an_account_is_erased_and_nobody_signs_in_with_it_any_more(ada, new_visitor):
    copied = new_visitor(cookies=dict(ada.cookies))
    reply = ada.post("/account/erase", password=PASSWORD, is_sure="1")
    assert (reply.status, reply.headers["location"]) == (303, "/account/sign-in?done=erased")
    assert "Your account is erased." in ada.ask("/account/sign-in?done=erased").text
    assert copied.ask("/account").status == 303
    assert new_visitor().post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    again = new_visitor()
    assert again.register().headers["location"] == "/account?done=opened"


def test_an_address_of_somebody_else_is_not_taken(ada, new_visitor):
    new_visitor().register(name="Eve", email="eve@mail.example")
    reply = ada.post("/account/email", email="eve@mail.example", password=PASSWORD)
    assert (reply.status, "was not changed to this one" in reply.text) == (422, True)
    assert ada.account() is not None


def test_a_profile_is_changed(ada):
    reply = ada.post("/account/profile", name="Countess", country="United Kingdom", website="https://sums.example")
    assert reply.headers["location"] == "/account/profile?done=profile"
    found, account = ada.account()
    assert (found.name, found.country, found.website) == ("Countess", "United Kingdom", "https://sums.example")
    assert (account.shows_hosts, account.is_exported) == (False, False)
    page = ada.ask("/account/profile?done=profile").text
    assert "Your profile is stored." in page
    assert 'value="Countess"' in page
    wrong = ada.post("/account/profile", name="Countess", website="javascript:alert(1)")
    assert (wrong.status, "starts with https://" in wrong.text) == (422, True)


def test_preferences_are_changed(ada):
    reply = ada.post("/account/preferences", resource_share="25", on_gpus="1", venue="home")
    assert reply.status == 303
    found = ada.ask("/account.json").json["account"]
    assert (found["preferences"], found["venue"]) == (
        {"resource_share": 25, "on_cores": False, "on_gpus": True},
        "home",
    )
    for share in ("-1", "nan", "inf", "much", "", "10001"):
        wrong = ada.post("/account/preferences", resource_share=share, venue="moon")
        assert wrong.status == 422
        assert "A number from 0 to 10,000" in wrong.text
        assert "Choose one of these places." in wrong.text
        assert "Choose at least one." in wrong.text


def test_only_a_computer_of_one_s_own_is_placed(ada):
    number = ada.attach("attic")
    assert ada.post("/account/place", host=str(number), venue="school").status == 303
    assert [host["venue"] for host in ada.ask("/account.json").json["account"]["hosts"]] == ["school"]
    for wanted, venue, said in (
        ("", "home", "Choose one of your computers."),
        ("9" * 20, "home", "Choose one of your computers."),
        ("1", "moon", "Choose one of these places."),
        ("7", "home", "has no host 7. Nothing was changed."),
    ):
        reply = ada.post("/account/place", host=wanted, venue=venue)
        assert (reply.status, said in reply.text) == (422, True)


def test_teams_are_found_founded_joined_and_left(ada, new_visitor):
    assert ada.post("/account/team/found", name="The Sums", about="We add.").status == 303
    assert "you look after it" in ada.ask("/account/team").text
    eve = new_visitor()
    eve.register(name="Eve", email="eve@mail.example")
    assert "Join The Sums" in eve.ask("/account/team?q=sum").text
    assert "No other team’s name holds" in eve.ask("/account/team?q=%22%3Eproducts").text
    assert eve.post("/account/team/join", team="1").headers["location"] == "/account/team?done=joined"
    assert ada.look(lambda db: teams.members(db, 1)) == 2
    assert eve.post("/account/team/leave").status == 303
    for number in ("", "0", "x", "-1", "9" * 30):
        assert eve.post("/account/team/join", team=number).status == 422
    assert "There is no team 7" in eve.post("/account/team/join", team="7").text
    taken = eve.post("/account/team/found", name="The Sums")
    assert (taken.status, "Another team has this name" in taken.text) == (422, True)


def test_nobody_registers_where_no_accounts_are_opened(new_lab, tmp_path):
    lab = new_lab(tmp_path / "closed")
    with receiving(lab, f"{ORIGIN}/", new_accounts=0) as app:
        visitor = Visitor(app=app, folder=lab.folder)
        assert "No new accounts at the moment" in visitor.ask("/account/register").text
        token = visitor.token("/account/sign-in")
        reply = visitor.ask(
            "/account/register",
            method="POST",
            body=urlencode({"form": token, "name": "Eve", "email": "eve@mail.example", "password": PASSWORD}).encode(),
            origin=ORIGIN,
        )
        assert reply.status == 422
        assert visitor.look(lambda db: accounts.by_email(db, "eve@mail.example")) is None
        visitor.close()


def test_only_so_many_forms_wait_and_their_turn_comes_again(visitor, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("axiom.web.account.accounts._MOST_WAITING", 0)
        reply = visitor.register()
        assert (reply.status, reply.headers["retry-after"], reply.headers["cache-control"]) == (503, "60", "no-store")
        assert "Nothing was changed" in reply.text
        assert visitor.look(lambda db: accounts.by_email(db, EMAIL)) is None
    monkeypatch.setattr("axiom.web.account.accounts._MOST_WAITING", 1)
    assert [visitor.register(name=HOSTILE).status, visitor.register().status] == [422, 303]


def test_no_secret_is_in_a_log_or_an_address_or_a_page_that_need_not_show_it(ada, caplog, new_visitor):
    caplog.set_level(logging.DEBUG)
    replies = [ada.ask(path) for path in PAGES]
    replies += [ada.post("/account/profile", name="Ada"), ada.post("/account/keys", password=NEW_PASSWORD)]
    replies += [new_visitor().post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD)]
    replies += [new_visitor().register(password=SHORT)]
    told = "\n".join([*(reply.text for reply in replies), *(repr(reply.headers) for reply in replies), caplog.text])
    secrets = [*ada.shown_keys(), PASSWORD, NEW_PASSWORD, SHORT, "argon2", load_secrets(ada.folder.keys).accounts.hex()]
    assert [secret for secret in secrets if secret in told] == []
    assert ada.cookies["axiom"] not in "\n".join([*(reply.text for reply in replies), caplog.text])


def test_a_fault_of_ours_says_so_and_tells_nothing(ada, monkeypatch, caplog):
    def broken(*asked):
        raise RuntimeError(f"kettle {len(asked)}")

    monkeypatch.setattr(accounts, "by_id", broken)
    reply = ada.ask("/account")
    assert reply.status == 500
    assert "This page could not be made" in reply.text
    assert "kettle" not in reply.text
    assert "account.broken" in caplog.text


def test_pages_of_the_site_are_served_as_before(ada):
    assert ada.ask("/").status == 200
    assert ada.ask("/accounts").status == 404
    assert ada.ask("/join.json").json["join"]["address"] == f"{ORIGIN}/"
    assert ada.ask("/findings", method="POST", body=b"form=x").status == 405
