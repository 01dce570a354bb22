"""Account pages: who is signed in, what they change, that nobody else can, and what nobody learns by asking."""

import asyncio
import functools
import hashlib
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving
from patience import PATIENCE
from starlette.responses import Response

from axiom.boinc import account_keys
from axiom.limits import server as limits
from axiom.server.accounts.account_credentials import change_password
from axiom.server.accounts.sign_up import Accounts
from axiom.server.accounts.stored_passwords import is_password, stored_password
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts, teams
from axiom.store.registrations import ideas
from axiom.web.account.app import _PasswordQueue
from axiom.web.account.pages import PAGES

WALK, COMMON, SHORT = "qwertyuiop", "password1", "canary1"
PUBLIC = {"/ideas"}  # it has a form for whoever is signed in
HOSTILE = '"><script>alert(1)</script>'
ADD, BACK = "/account/ideas/add", "/account/ideas/withdraw"


def test_what_was_typed_wrongly_is_kept_but_for_the_password(visitor, wrong_fields):
    assert wrong_fields(visitor.register(password=WALK)) == {"password"}
    reply = visitor.register(name=HOSTILE, email="nobody", password=WALK)
    assert wrong_fields(reply) == {"name", "email"}  # a password is judged of an otherwise good form: that takes long
    assert 'value="&#34;&gt;&lt;script&gt;' in reply.text
    assert 'value="nobody"' in reply.text
    assert HOSTILE not in reply.text
    assert WALK not in reply.text
    assert reply.text.count('aria-invalid="true"') == 2
    described = re.findall(r'aria-describedby="([^"]+)"', reply.text)
    assert all(f'id="{part}"' in reply.text for parts in described for part in parts.split())


def test_an_account_is_opened_once(visitor, new_visitor):
    reply = visitor.register()
    assert (reply.status, reply.headers["location"]) == (303, "/account?done=opened")
    assert f"boinccmd --project_attach {ORIGIN}/" in visitor.ask("/account?done=opened").text
    volunteer, account = visitor.account()
    assert volunteer.name == "Ada"
    assert not account.is_exported
    assert account.shows_hosts
    assert new_visitor().register(name="Somebody").headers["location"] == "/account?done=known"
    stranger = new_visitor()
    assert stranger.register(password=NEW_PASSWORD).status == 422
    assert "axiom" not in stranger.cookies
    assert visitor.look(lambda db: db.select("SELECT count(*) AS n FROM volunteer")) == [{"n": 1}]


def test_signing_in_gives_a_new_secret_that_ends_with_signing_out(ada, new_visitor):
    first, way = ada.cookies["axiom"], 'href="/account"'
    assert len(first) == 22  # base64 of 16 bytes
    copied, stranger = new_visitor(cookies=dict(ada.cookies)), new_visitor()
    assert copied.ask("/account").status == 200
    for page in ("/", "/hosts", "/nowhere", "/account"):
        assert way in ada.ask(page).text
    for page in ("/", "/hosts", "/nowhere"):  # which are kept since ada looked
        assert way not in stranger.ask(page).text
    ada.post("/account/sign-out")
    assert "axiom" not in ada.cookies
    assert ada.ask("/account").headers["location"] == "/account/sign-in"
    assert copied.ask("/account").status == 303
    stranger.cookies["axiom"] = "a secret that nobody has"
    assert [way in browser.ask("/hosts").text for browser in (ada, stranger)] == [False, False]
    reply = ada.post("/account/sign-in", email=f"  {EMAIL.upper()} ", password=PASSWORD)
    assert (reply.status, reply.headers["location"]) == (303, "/account")
    assert ada.cookies["axiom"] != first
    (cookie,) = ada.set_cookies
    assert set(cookie.lower().split("; ")[1:]) == {"httponly", "path=/", "samesite=strict", "max-age=1209600"}
    stored = ada.look(lambda db: db.select("SELECT * FROM sign_in"))
    assert [row["token_digest"] for row in stored] == [hashlib.sha256(ada.cookies["axiom"].encode()).hexdigest()]
    assert ada.ask("/accounts").status == 404
    assert ada.ask("/findings", method="POST", body=b"form=x").status == 405


def test_who_guesses_has_to_wait_and_keeps_nobody_out_who_signed_in_before(ada, new_visitor, wrong_fields):
    guesser = new_visitor(peer="198.51.100.9")
    words = (f"guess {number} of many" for number in range(12))
    guesses = [guesser.post("/account/sign-in", email=EMAIL, password=password) for password in words]
    assert [wrong_fields(guess) for guess in guesses] == [{"password"}] * 10 + [set()] * 2
    assert ada.post("/account/keys", password=PASSWORD).status == 200
    ada.peer = "203.0.113.77"  # where this account's password was never typed, as everywhere after a restart
    assert ada.post("/account/keys", password=PASSWORD).status == 200
    ada.peer = "203.0.113.78"
    ada.post("/account/sign-out")
    assert ada.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 303
    assert guesser.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422


def test_tls_binds_cookies_to_this_host_and_who_may_open_no_more_learns_nothing(new_lab, tmp_path, wrong_fields):
    lab = new_lab(tmp_path / "tls")
    with receiving(lab, "https://lab.example/") as app:
        visitor = Visitor(app=app, folder=lab.folder)
        assert visitor.register(origin="https://lab.example").status == 303
        assert set(visitor.cookies) == {"__Host-axiom"}
        assert "; secure" in visitor.set_cookies[0].lower()
        visitor.close()
    lab = new_lab(tmp_path / "few")

    def register(app, email: str, password: str):
        visitor = Visitor(app=app, folder=lab.folder)
        words = {"name": "Ada", "email": email, "password": password}
        reply = visitor.ask("/account/register", method="POST", body=urlencode(words).encode(), origin=ORIGIN)
        visitor.close()
        return reply

    def bare(reply) -> str:
        return re.sub(r' value="[^"]*"', "", reply.text)

    with receiving(lab, f"{ORIGIN}/", new_accounts=2) as app:
        assert register(app, EMAIL, PASSWORD).status == 303
        first, second = (register(app, EMAIL, NEW_PASSWORD) for _ in range(2))  # the first takes the allowance
        free = register(app, OTHER, NEW_PASSWORD)
        assert [wrong_fields(reply) for reply in (second, free)] == [set(), set()]
        assert bare(first) != bare(second) == bare(free)
        assert 'value="eve@mail.example"' in free.text
    with receiving(lab, f"{ORIGIN}/", new_accounts=0) as app:
        taken, free = (register(app, email, NEW_PASSWORD) for email in (EMAIL, OTHER))
        assert (taken.status, free.status, bare(taken)) == (422, 422, bare(free))
        again = register(app, EMAIL, PASSWORD)
        assert (again.status, again.headers["location"]) == (303, "/account?done=known")
        assert app.writer.run(lambda db: accounts.find_account_by_email(db, OTHER)) is None


def test_private_pages_are_kept_by_nobody_and_own_data_are_a_file_without_secrets(ada, new_visitor):
    for path in [*sorted(PAGES.keys() - PUBLIC), "/account.json"]:
        for browser in (ada, stranger := new_visitor(), forged := new_visitor(cookies={"axiom": "A" * 22})):
            headers = browser.ask(path).headers
            assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")
            assert "access-control-allow-origin" not in headers
            assert "default-src 'none'" in headers["content-security-policy"]
        if path in PAGES and PAGES[path].is_private:
            assert [browser.ask(path).status for browser in (ada, stranger, forged)] == [200, 303, 303], path
            assert stranger.ask(path).headers["location"] == "/account/sign-in"
    reply = ada.ask("/account.json")
    account = reply.json["account"]
    assert account["name"] == "Ada"
    assert account["email"] == EMAIL
    assert account["hosts"] == []
    assert account["team"] is None
    assert [word for word in (*ada.shown_keys(), "argon2", ada.cookies["axiom"]) if word in reply.text] == []
    assert ada.ask("/account.json", accept_language="de").json == reply.json
    stranger = new_visitor().ask("/account.json")
    assert (stranger.status, stranger.json["error"]["kind"]) == (401, "NotAllowed")
    answers = {
        re.sub(r'value="[^"]*"', "", new_visitor().post("/account/sign-in", email=email, password=NEW_PASSWORD).text)
        for email in (EMAIL, "nobody@mail.example")
    }
    assert len(answers) == 1
    assert ada.ask("/account").status == 200


def test_keys_are_shown_for_the_password_and_a_new_one_ends_the_old(ada, wrong_fields):
    secret, number = load_secrets(ada.folder.keys).accounts, ada.account()[0].id
    before = ada.shown_keys()
    assert before == (account_keys.account_key(secret, number, 1), account_keys.weak_key(secret, number, 1))
    assert wrong_fields(ada.post("/account/keys", password=NEW_PASSWORD)) == {"password"}
    assert not [key for key in before if key in ada.ask("/account/security").text]
    shown = ada.post("/account/new-key", password=PASSWORD).text
    after = ada.shown_keys()
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert after[0] in shown
    assert ada.look(lambda db: accounts.find_key_holder(db, account_keys.key_digest(before[0]))) is None


def test_a_profile_is_changed_and_a_name_that_is_taken_gets_a_number(ada, new_visitor, wrong_fields):
    reply = ada.post("/account/profile", name="Countess", country="United Kingdom", website="https://sums.example")
    assert reply.headers["location"] == "/account/profile?done=profile"
    volunteer, account = ada.account()
    assert (volunteer.name, volunteer.country) == ("Countess", "United Kingdom")
    assert volunteer.website == "https://sums.example"
    assert (account.shows_hosts, account.is_exported) == (False, False)
    assert 'value="Countess"' in ada.ask("/account/profile?done=profile").text
    assert new_visitor().register(name="countess", email=OTHER).headers["location"] == "/account?done=opened_numbered"
    reply = ada.post("/account/profile", name="countess (2)", country="France")
    assert reply.headers["location"] == "/account/profile?done=profile_numbered"
    assert ada.account()[0].name == "countess (2) (2)"
    assert wrong_fields(ada.post("/account/profile", name="C", website="javascript:alert(1)")) == {"website"}


def test_preferences_and_the_places_of_computers_are_changed(ada, wrong_fields):
    assert ada.post("/account/preferences", resource_share="25", on_gpus="1", venue="home").status == 303
    stored = ada.ask("/account.json").json["account"]
    assert stored["preferences"] == {"resource_share": 25, "on_cores": False, "on_gpus": True}
    assert stored["venue"] == "home"
    for share in ("-1", "nan", "inf", "much", "", "10001"):
        wrong = ada.post("/account/preferences", resource_share=share, venue="home")
        assert wrong_fields(wrong) == {"resource_share", "on_cores"}
    assert ada.post("/account/preferences", resource_share="25", on_gpus="1", venue="moon").status == 422
    number = ada.attach("attic")
    assert ada.post("/account/place", host=str(number), venue="school").status == 303
    assert [host["venue"] for host in ada.ask("/account.json").json["account"]["hosts"]] == ["school"]
    for host, venue in (("", "home"), ("9" * 20, "home"), (str(number), "moon"), ("7", "home")):
        assert ada.post("/account/place", host=host, venue=venue).status == 422
    after = ada.ask("/account.json").json["account"]
    assert (after["venue"], [host["venue"] for host in after["hosts"]]) == ("home", ["school"])


@pytest.mark.parametrize("name", ["Q" * 60 + " (2)", "Ann of <another> server", "x" * 250])
def test_a_name_that_nobody_may_take_any_more_is_kept_with_the_profile(ada, wrong_fields, name):
    number = ada.account()[0].id
    ada.app.writer.run(lambda db: db.change("volunteer", number, name=name))
    assert ada.post("/account/profile", name=name, country="France").status == 303
    assert (ada.account()[0].name, ada.account()[0].country) == (name, "France")
    assert wrong_fields(ada.post("/account/profile", name=f"{name}<")) == {"name"}


def test_a_venue_gets_preferences_of_its_own_which_are_changed_and_removed(ada, wrong_fields):
    def stored():
        account = ada.ask("/account.json").json["account"]
        return account["venue"], account["preferences"], account["preferences_by_venue"]

    def forms():
        return set(re.findall(r'action="/account/preferences/(\w+)"', ada.ask("/account/preferences").text))

    general = {"resource_share": 25, "on_cores": True, "on_gpus": False}
    ada.post("/account/preferences", resource_share="25", on_cores="1", venue="home")
    assert forms() == {"separate"}
    assert ada.post("/account/preferences/separate", is_separate="1", venue="work").status == 303
    assert (stored(), forms()) == (("home", general, {"work": general}), {"separate", "work"})
    own = {"resource_share": "7", "on_gpus": "1", "only_at": "work"}
    assert ada.post("/account/preferences/work", **own).status == 303
    at_work = {"resource_share": 7, "on_cores": False, "on_gpus": True}
    assert stored() == ("home", general, {"work": at_work})
    wrong = ada.post("/account/preferences/work", **{**own, "resource_share": "many"})
    assert wrong_fields(wrong) == {"resource_share"}
    assert wrong.text.count('value="many"') == 1  # the other sets show what is stored
    for venue in ("home", "school"):
        ada.post("/account/preferences/separate", is_separate="1", venue=venue)
    assert len(stored()[2]) == 3
    for venue in ("", "moon"):
        assert ada.post("/account/preferences/separate", venue=venue).status == 422
    for venue in ("work", "home", "school"):
        assert ada.post("/account/preferences/separate", venue=venue).status == 303
    assert stored() == ("home", general, {})


def test_a_new_password_or_address_signs_out_every_other_browser(ada, new_visitor, eve, wrong_fields):
    other = new_visitor()
    other.post("/account/sign-in", email=EMAIL, password=PASSWORD)
    assert other.ask("/account").status == 200
    wrong = ada.post("/account/password", password=NEW_PASSWORD, new_password=COMMON)
    assert wrong_fields(wrong) == {"password", "new_password"}
    assert ada.post("/account/password", password=PASSWORD, new_password=NEW_PASSWORD).status == 303
    assert (ada.ask("/account").status, other.ask("/account").status) == (200, 303)
    assert other.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert other.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303
    assert eve.post("/account/email", email=EMAIL, password=PASSWORD).status == 422  # it is ada's
    assert ada.post("/account/email", email="New@mail.example", password=NEW_PASSWORD).status == 303
    assert (ada.ask("/account").status, other.ask("/account").status) == (200, 303)
    assert other.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 422
    assert other.post("/account/sign-in", email="new@mail.example", password=NEW_PASSWORD).status == 303


def test_an_account_is_erased_by_whoever_is_sure_and_knows_the_password(ada, new_visitor, wrong_fields):
    assert wrong_fields(ada.post("/account/erase", password=PASSWORD)) == {"is_sure"}
    assert wrong_fields(ada.post("/account/erase", password=NEW_PASSWORD, is_sure="1")) == {"password"}
    assert ada.account()[1].email == EMAIL
    copied = new_visitor(cookies=dict(ada.cookies))
    reply = ada.post("/account/erase", password=PASSWORD, is_sure="1")
    assert (reply.status, reply.headers["location"]) == (303, "/account/sign-in?done=erased")
    assert copied.ask("/account").status == 303
    assert copied.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert copied.register().headers["location"] == "/account?done=opened"


def ideas_of(visitor):
    return visitor.look(lambda db: ideas.list_volunteer_ideas(db, visitor.account()[0].id))


def test_teams_are_founded_joined_and_left(ada, eve):
    assert ada.post("/account/team/found", name="The Sums", about="We add.").status == 303
    assert "The Sums" in eve.ask("/account/team?q=sum").text
    assert "The Sums" not in eve.ask("/account/team?q=%22%3Eproducts").text
    assert eve.post("/account/team/join", team="1").headers["location"] == "/account/team?done=joined"
    assert ada.look(lambda db: teams.count_team_members(db, 1)) == 2
    assert eve.post("/account/team/leave").status == 303
    for number in ("", "0", "x", "-1", "7", "9" * 30):
        assert eve.post("/account/team/join", team=number).status == 422
    assert eve.post("/account/team/found", name="The Sums").status == 422


def test_a_question_is_the_authors_until_it_is_shown(ada, eve, new_visitor, wrong_fields):
    stranger = new_visitor()
    assert ada.ask("/ideas").headers["cache-control"] == "no-store"
    assert [ADD in browser.ask("/ideas").text for browser in (ada, stranger)] == [True, False]
    body = urlencode({"question": "Is it so?", "why": "I have seen it."}).encode()
    assert stranger.ask(ADD, method="POST", body=body, origin=ORIGIN).headers["location"] == "/account/sign-in"
    wrong = ada.post(ADD, question="Is it \x1b[2J so?", why="x" * 2_001)
    assert wrong_fields(wrong) == {"question", "why"}
    assert "x" * 2_001 in wrong.text
    assert ideas_of(ada) == []
    reply = ada.post(ADD, question=f"  Is it\n {HOSTILE}? ", why=HOSTILE)
    assert (reply.status, reply.headers["location"]) == (303, "/account/ideas?done=idea")
    (mine,) = ideas_of(ada)
    assert mine.idea.question == f"Is it {HOSTILE}?"
    assert HOSTILE not in ada.ask("/account/ideas").text
    assert ada.ask("/account.json").json["account"]["ideas"][0]["question"] == mine.idea.question
    for browser in (ada, stranger):
        assert "alert(1)" not in browser.ask("/ideas").text
        assert browser.ask("/ideas/1").status == 404
    eve.post(ADD, question="Is it not so?", why="I have not.")
    assert eve.post(BACK, idea="1").status == 422
    assert ada.post(BACK, idea="1").headers["location"] == "/account/ideas?done=idea_back"
    assert [idea.state for idea in ideas_of(ada)] == ["withdrawn"]


def test_only_so_many_forms_wait_and_their_turn_comes_again(visitor, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("axiom.limits.server.FORMS_WAITING", 0)
        reply = visitor.register()
        assert reply.status == 503
        assert reply.headers["retry-after"] == "60"
        assert reply.headers["cache-control"] == "no-store"
        assert visitor.look(lambda db: accounts.find_account_by_email(db, EMAIL)) is None
    monkeypatch.setattr("axiom.limits.server.FORMS_WAITING", 1)
    assert [visitor.register(name=HOSTILE).status, visitor.register().status] == [422, 303]


def test_no_secret_is_in_a_log_or_an_address_or_a_page_that_need_not_show_it(ada, caplog, new_visitor, monkeypatch):
    caplog.set_level(logging.DEBUG)
    replies = [ada.ask(path) for path in PAGES]
    replies += [ada.post("/account/profile", name="Ada"), ada.post("/account/keys", password=NEW_PASSWORD)]
    replies += [new_visitor().post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD)]
    replies += [new_visitor().register(password=SHORT)]
    everything = "\n".join([*(f"{reply.text}\n{reply.headers!r}" for reply in replies), caplog.text])
    secrets = [*ada.shown_keys(), PASSWORD, NEW_PASSWORD, SHORT, "argon2", load_secrets(ada.folder.keys).accounts.hex()]
    assert [secret for secret in secrets if secret in everything] == []
    assert ada.cookies["axiom"] not in "\n".join([*(reply.text for reply in replies), caplog.text])

    def broken(*_):
        raise RuntimeError("kettle")

    monkeypatch.setattr(accounts, "find_account", broken)
    reply = ada.ask("/account")
    assert reply.status == 500
    assert "kettle" not in reply.text
    assert "account.broken" in caplog.text


def test_pages_of_an_account_come_in_the_language_of_whoever_signs_in(visitor):
    for code in ("en", "de", "fr"):
        for headers in ({"accept_language": code}, {"cookie": f"lang={code}", "accept_language": "fr"}):
            page = visitor.ask("/account/sign-in", **headers)
            assert f'<html lang="{code}">' in page.text
            assert page.headers["content-language"] == code
    visitor.register()
    visitor.cookies["lang"] = "de"
    wrong = visitor.post("/account/preferences", resource_share="many", on_cores="1", venue="")
    assert '<span lang="en">' in wrong.text  # a sentence without a translation
    assert "<span lang" not in visitor.ask("/account/preferences", cookie="").text
    chosen = visitor.ask("/language/fr?back=/account")
    assert (chosen.status, chosen.headers["location"]) == (303, "/account")
    assert '<html lang="fr">' in visitor.ask("/account").text


OTHER, FRESH = "eve@mail.example", "new@mail.example"


@pytest.mark.usefixtures("eve")
def test_an_address_is_changed_five_times_a_day_taken_or_refused(ada, small_lab):
    emails = ["ada0@mail.example", OTHER, "ada2@mail.example", OTHER, "ada4@mail.example", OTHER, FRESH]
    replies = [ada.post("/account/email", email=email, password=PASSWORD) for email in emails]
    assert [reply.status for reply in replies] == [303, 422, 303, 422, 303, 422, 422]
    alerts = [re.search(r'role="alert">(.*?)</div>', reply.text)[1] for reply in replies[-2:]]
    assert alerts[0] == alerts[1]  # the same words, whoever has it
    small_lab.later(hours=25)
    assert ada.post("/account/email", email=FRESH, password=PASSWORD).status == 303


@pytest.mark.usefixtures("eve")
def test_an_address_that_somebody_has_counts_as_a_wrong_password_from_here(ada, new_visitor, wrong_fields):
    guesser = new_visitor(peer=ada.peer)
    for number in range(26):
        guesser.post("/account/sign-in", email=f"{number}@mail.example", password=PASSWORD)
    assert [ada.post("/account/email", email=OTHER, password=PASSWORD).status for _ in range(5)] == [422] * 5
    reply = guesser.post("/account/sign-in", email="nobody@mail.example", password=PASSWORD)
    assert wrong_fields(reply) == set()  # it has to wait


def test_an_address_that_nobody_has_counts_for_nothing_and_is_known_from_then_on(ada, new_visitor):
    assert ada.post("/account/email", email=FRESH, password=PASSWORD).status == 303
    guesser = new_visitor(peer="198.51.100.9")
    for number in range(11):
        guesser.post("/account/sign-in", email=FRESH, password=f"guess {number} of many")
    assert new_visitor(peer=ada.peer).post("/account/sign-in", email=FRESH, password=PASSWORD).status == 303


def test_who_signs_in_with_the_old_password_while_it_is_changed_is_not_signed_in(ada, new_visitor, monkeypatch):
    thief, secret, prove = new_visitor(), load_secrets(ada.folder.keys).accounts, Accounts.prove
    fresh = stored_password(account_keys.passwd_hash(NEW_PASSWORD, EMAIL))

    def proven(self, asked, address, sign_in):
        proof = prove(self, asked, address, sign_in)
        monkeypatch.setattr(Accounts, "prove", prove)  # once
        ada.app.writer.run(lambda db: change_password(db, secret, proof.volunteer.id, fresh))
        return proof

    monkeypatch.setattr(Accounts, "prove", proven)
    assert thief.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert "axiom" not in thief.cookies
    assert ada.look(lambda db: db.select("SELECT * FROM sign_in")) == []
    assert is_password(ada.account()[1].password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    assert thief.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303


def test_a_password_proves_nothing_of_an_address_that_is_somebody_else_s_by_now(ada, new_visitor, monkeypatch):
    eve, number, prove = new_visitor(), ada.account()[0].id, Accounts.prove
    eve.register(name="Eve", email=OTHER, password=NEW_PASSWORD)

    def proven(self, asked, address, sign_in):
        monkeypatch.setattr(Accounts, "prove", prove)
        fresh = stored_password(asked.passwd_hash)
        ada.app.writer.run(lambda db: accounts.set_email(db, number, email="gone@mail.example", password=fresh))
        ada.app.writer.run(lambda db: accounts.set_email(db, number + 1, email=EMAIL, password=fresh))
        return prove(self, asked, address, sign_in)

    monkeypatch.setattr(Accounts, "prove", proven)
    reply = ada.post("/account/keys", password=NEW_PASSWORD)
    assert reply.status == 422
    assert 'id="account-key"' not in reply.text


def test_the_forms_of_one_visitor_leave_room_for_those_of_others():
    may_go_on = threading.Event()

    async def statuses() -> list[int]:
        queue = _PasswordQueue(threads)
        made = functools.partial(lambda: may_go_on.wait(PATIENCE) and Response())
        sent = [asyncio.ensure_future(queue.do("203.0.113.9", made)) for _ in range(limits.FORMS_OF_ONE_VISITOR + 1)]
        sent.append(asyncio.ensure_future(queue.do("203.0.113.10", made)))
        await asyncio.sleep(0)
        may_go_on.set()
        return [(await one).status_code for one in sent]

    with ThreadPoolExecutor(1) as threads:
        assert asyncio.run(statuses()) == [200] * limits.FORMS_OF_ONE_VISITOR + [503, 200]
