"""The operator's pages: who gets in, what is shown before it is done, and that nobody else's form does anything."""

import asyncio
import html
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD
from furnished_lab import proposed
from site_operator import code_of, furnish, give_role

from axiom.boinc.account_keys import passwd_hash
from axiom.domain.credit import Balance
from axiom.domain.preflights import GATES, Preflight
from axiom.domain.proposals import Idea
from axiom.laboratory.experiments.preflight import Examination
from axiom.laboratory.experiments.rules.drafts import blind_gates, reason_for_persons
from axiom.server.accounts.account_managers import AccountManagers
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.second_factor import link_mark_of, secret_of
from axiom.service import standard_callers as callers
from axiom.signed.keys import load_secrets
from axiom.store import news
from axiom.store.accounts import adoption, operators
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.experiments import drafts, preflights
from axiom.store.registrations import ideas, proposals, registrations
from axiom.store.upkeep import audit

PAGES = ("/operator", "/operator/experiments", "/operator/news", "/operator/programs", "/operator/step")
NEWS = {"line": "The laboratory moves on Friday"}


@pytest.fixture
def lab(small_lab, prepared):
    furnish(small_lab, prepared)
    return small_lab


@pytest.fixture
def named(lab, new_visitor):
    """Somebody who is signed in and has the role, and has not proven a second factor."""
    made = new_visitor()
    made.register()
    give_role(made.app, made.account()[0].id, lab.now)
    return made


@pytest.fixture
def desk(lab, named):
    assert act_as_operator(lab, named).headers["location"] == "/operator"
    return named


def act_as_operator(lab, visitor, code: str = ""):
    code = code or code_of(lab.folder.keys, visitor.account()[0].id, lab.now)
    return send(visitor, "/operator/sign-in", code=code)


def send(visitor, action: str, **fields: str):
    """Fill in a form, and send it."""
    return post(visitor, action, fields)


def post(visitor, action: str, fields):
    return visitor.ask(action, method="POST", body=urlencode(fields).encode(), origin=ORIGIN)


def hidden(reply) -> dict[str, str]:
    """What the page sends once it is confirmed."""
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', reply.text)
    return {name: html.unescape(value) for name, value in fields}


def done(visitor) -> list[tuple[str, str]]:
    """Who gave which commands for good, the oldest first."""
    rows = visitor.look(lambda db: audit.list_audit_entries(db, 100))[::-1]
    return [(row["caller"], row["command"]) for row in rows if row["outcome"] == "done" and not row["dry_run"]]


def stored(visitor):
    """Everything but the audit and its counters."""

    def everything(db):
        tables = sorted(db.tables() - {"audit", "sqlite_sequence", "counter"})
        return {table: db.select(f"SELECT * FROM {table}") for table in tables}  # noqa: S608  our own tables

    return visitor.look(everything)


def test_who_answers_reads_what_the_controls_of_a_draft_measured_and_no_program_does(lab, desk, sound, sound_attempt):
    judged = Examination(attempt=sound_attempt, manifest=sound.manifest).judged
    made = {"reason": reason_for_persons(judged), "gates": blind_gates(judged), "attempt": "{}", "declaration": ""}

    def propose(db):
        number = drafts.add_draft(db, name="sound", author="a", text="", digest="d" * 64, refusals=(), now=lab.now)
        drafts.order_draft_preflight(db, number, "", lab.now)
        drafts.record_draft_preflight(db, number, passed=True, question="", bundle="", **made, now=lab.now)
        proposals.add_proposal(db, replace(proposed(), slug="larger", draft=number), 1, None, lab.now)

    desk.app.writer.run(propose)
    assert re.search("over (8|16) of (8|16) seeds", desk.ask("/proposals/2").text)
    assert not re.search("of (8|16) seeds", desk.ask("/proposals/2.json").text)


def test_the_operator_sees_who_of_a_project_that_moved_in_is_not_back(lab, desk):
    def move_in(db):
        adoption.begin_adoption(db, digest="d" * 64, project="https://stars.example/", now=lab.now)
        next_ids = {"user": desk.account()[0].id + 1, "host": 1, "team": 1}
        adoption.seal_adoption(db, {"next_ids": next_ids, "source": "before", "taken": {}}, lab.now)
        balance = Balance(total=77_000, recent=0.0, recent_at=0)
        ledger.begin_balances(db, "volunteer", {desk.account()[0].id: balance}, source="before", now=lab.now)

    assert "The move" not in desk.ask("/operator").text
    desk.app.writer.run(move_in)
    page = desk.ask("/operator").text
    assert re.search(rf'/volunteers/{desk.account()[0].id}"><bdi>[^<]+</bdi></a> 77', page)


def test_a_proposal_is_approved_in_two_steps_and_the_form_says_what_cannot_be_done(desk):
    before = stored(desk)
    reply = send(desk, "/operator/news.add", line="Hello", until="tomorrow")
    assert reply.status == 422
    assert 'value="tomorrow"' in reply.text
    for command, fields, status in (
        ("proposal.refuse", {"proposal": "1", "why": ""}, 422),
        ("proposal.refuse", {"proposal": "7", "why": "so be it"}, 404),
        ("news.withdraw", {"number": "x"}, 422),
        (
            "experiment.approve",
            {"experiment": "tiny_sum@1", "serial": "7", "why": "good"},
            422,
        ),
        ("program.add", {"program": "ada-1", "may": "govern"}, 422),
        ("program.limit", {"program": "ada-1", "limit": "open_proposals", "most": "many"}, 422),
    ):
        assert send(desk, f"/operator/{command}", **fields).status == status, command
    assert stored(desk) == before
    for path, page in (("/operator/proposal.approve", "/operator"), ("/operator/news.add", "/operator/news")):
        assert desk.ask(path).headers["location"] == page
    assert post(desk, "/proposals/1", {}).headers["location"] == "/proposals/1"
    before = stored(desk)
    shown = send(desk, "/operator/proposal.approve", proposal="1", why="it is worth it")
    assert shown.status == 200
    assert stored(desk) == before
    assert all(fact in shown.text for fact in ("it is worth it", "operator:ada"))
    replies = [post(desk, "/operator/do", hidden(shown)) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 409]
    would, did = (dict(re.findall("<dt>([^<]+)</dt><dd>([^<]*)</dd>", reply.text)) for reply in (shown, replies[0]))
    assert "digest" in would
    assert did.items() - would.items() == {("hash", did["hash"])}  # it covers the moment
    kept = desk.look(lambda db: proposals.find_proposal(db, 1))
    assert (kept.state, kept.decided_by, kept.why) == ("approved", "operator:ada", "it is worth it")
    assert len(desk.look(registrations.read_registrations)) == 2
    assert done(desk).count(("operator:ada", "proposal.approve")) == 1
    assert "/operator/proposal.approve" not in desk.ask("/proposals/1").text  # there is nothing left to answer


def test_each_command_is_done_once_it_was_shown_and_audited(desk, lab):
    def do(command: str, **fields: str):
        shown = send(desk, f"/operator/{command}", **fields)
        reply = post(desk, "/operator/do", hidden(shown))
        assert (reply.status, done(desk)[-1]) == (200, ("operator:ada", command))
        return shown, reply

    shown, first = do("news.add", **NEWS)
    again = post(desk, "/operator/do", hidden(shown))
    assert ["not done again" in reply.text for reply in (first, again)] == [False, True]
    assert [news_item.line for news_item in desk.look(lambda db: news.list_newest_news(db, 9))] == [NEWS["line"]]
    do("news.withdraw", number="1")
    assert desk.look(lambda db: news.list_newest_news(db, 9)) == []
    shown, reply = do("program.add", program="ada-1", may="propose", days="30")
    token = re.search(r'id="token">([^<]+)<', reply.text)[1]
    assert desk.look(lambda db: callers.program_caller(db, token, lab.now)).name == "program:ada-1"
    assert token not in desk.ask("/operator/programs").text + str(
        desk.look(lambda db: audit.list_audit_entries(db, 100))
    )
    assert 'id="token"' not in post(desk, "/operator/do", hidden(shown) | {"token": "axiom_another"}).text
    do("program.limit", program="ada-1", limit="open_proposals", most="7")
    do("program.end", program="ada-1")
    for command, fields in (
        ("experiment.approve", {"serial": "1", "why": "read and found good"}),
        ("experiment.pause", {"why": "it is too warm"}),
        ("experiment.resume", {"why": "it is cool again"}),
        ("experiment.require", {"why": "it is dear", "least_cores": "16", "least_memory_mb": "", "times_longer": "4"}),
        ("experiment.recall", {"why": "its sums are wrong"}),
    ):
        do(command, experiment="tiny_sum@1", **fields)


def test_a_page_is_for_whoever_proved_a_second_factor_and_kept_by_nobody(lab, named, new_visitor, eve):
    form, stranger = "/operator/proposal.approve", new_visitor()
    for path in (*PAGES, "/operator/sign-in"):
        assert stranger.ask(path).headers["location"] == "/account/sign-in"
        assert eve.ask(path).status == 404
        if path in PAGES:
            assert named.ask(path).headers["location"] == "/operator/sign-in"
    assert ['href="/operator"' in visitor.ask("/account").text for visitor in (named, eve)] == [True, False]
    act_as_operator(lab, named)
    for path in (*PAGES, "/proposals/1"):
        reply = named.ask(path)
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-store"), path
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"], path
        assert "access-control-allow-origin" not in reply.headers, path
    assert [form in visitor.ask("/proposals/1").text for visitor in (named, stranger, eve)] == [True, False, False]
    assert named.ask("/proposals/9").status == 404
    assert form not in named.ask("/proposals/1.json").text
    sealed = hidden(send(named, "/operator/news.add", **NEWS))
    before = eve.stored()
    for action, fields in (("news.add", NEWS), ("do", sealed), ("sign-in", {"code": "000000"})):
        assert post(eve, f"/operator/{action}", fields).status == 404
    assert eve.stored() == before


def test_what_the_page_of_this_sign_in_did_not_show_is_not_done(lab, desk, new_visitor):
    sealed = hidden(send(desk, "/operator/news.add", **NEWS))
    other = new_visitor()
    other.post("/account/sign-in", email=EMAIL, password=PASSWORD)
    lab.later(seconds=60)
    act_as_operator(lab, other)
    before = desk.stored()  # with the audit
    for visitor, fields in (
        (desk, sealed | {"words": sealed["words"].replace("Friday", "Monday")}),
        *((desk, sealed | {"command": "experiment.retire"}), (desk, sealed | {"key": "another"})),
        (desk, {name: value for name, value in sealed.items() if name != "seal"}),
        (other, sealed),
    ):
        assert post(visitor, "/operator/do", fields).status == 403
    body = urlencode(NEWS).encode()
    for headers in ({"origin": "https://evil.example"}, {"origin": ORIGIN, "sec_fetch_site": "cross-site"}):
        assert desk.ask("/operator/news.add", method="POST", body=body, **headers).status == 403
    assert desk.stored() == before


def test_the_link_from_the_terminal_shows_the_qr_code_until_a_code_counted(lab, named):
    secret = secret_of(load_secrets(lab.folder.keys).accounts, named.account()[0].id, 1)
    link = f"/operator/sign-in?show={link_mark_of(secret)}"
    assert [secret in named.ask(path).text for path in ("/operator/sign-in", f"{link}0", link)] == [False, False, True]
    picture = re.search("<figure.*?<svg.*?</svg>", named.ask(link).text)[0]
    assert not re.search("style=|href=|src=", picture)
    assert act_as_operator(lab, named).headers["location"] == "/operator"
    send(named, "/operator/sign-out")
    assert secret not in named.ask(link).text


def test_without_a_code_or_with_one_that_was_used_nothing_is_done(lab, named, new_visitor):
    shown = code_of(lab.folder.keys, named.account()[0].id, lab.now)
    other, planted = new_visitor(), new_visitor(cookies=dict(named.cookies))
    other.post("/account/sign-in", email=EMAIL, password=PASSWORD)
    before = named.stored()
    for action in ("/operator/news.add", "/operator/do"):
        assert post(named, action, NEWS).headers["location"] == "/operator/sign-in"
    assert named.stored() == before
    act_as_operator(lab, named)
    before = stored(named)
    assert act_as_operator(lab, other, shown).status == 422
    assert act_as_operator(lab, other, "000000").status == 422
    assert stored(named) == before
    assert other.ask("/operator").headers["location"] == "/operator/sign-in"
    assert named.ask("/operator").status == 200
    assert planted.ask("/operator").headers["location"] == "/account/sign-in"  # a secret from before proves nothing


def test_a_role_that_was_taken_away_or_given_again_acts_no_more_at_the_next_request(desk, lab):
    give_role(desk.app, desk.account()[0].id, lab.now)
    assert desk.ask("/operator").headers["location"] == "/operator/sign-in"
    lab.later(seconds=60)
    act_as_operator(lab, desk, code_of(lab.folder.keys, desk.account()[0].id, lab.now, serial=2))
    assert desk.ask("/operator").status == 200
    desk.post("/account/password", password=PASSWORD, new_password=NEW_PASSWORD)
    assert desk.ask("/operator").headers["location"] == "/operator/sign-in"
    lab.later(seconds=60)
    act_as_operator(lab, desk, code_of(lab.folder.keys, desk.account()[0].id, lab.now, serial=2))
    sealed = hidden(send(desk, "/operator/news.add", **NEWS))
    desk.app.writer.run(lambda db: operators.revoke_operator_role(db, desk.account()[0].id, lab.now))
    before = desk.stored()
    assert post(desk, "/operator/do", sealed).status == 404
    assert desk.ask("/operator").status == 404
    assert "/operator/proposal.approve" not in desk.ask("/proposals/1").text
    assert desk.stored() == before


def test_who_does_nothing_for_an_hour_proves_it_again_and_after_twelve_in_any_case(desk, lab):
    for _ in range(14):
        lab.later(minutes=50)
        assert desk.ask("/operator").status == 200
    lab.later(minutes=50)
    assert desk.ask("/operator").headers["location"] == "/operator/sign-in"
    act_as_operator(lab, desk)
    assert desk.ask("/operator").status == 200
    lab.later(minutes=60)
    assert desk.ask("/operator").headers["location"] == "/operator/sign-in"
    act_as_operator(lab, desk)
    assert send(desk, "/operator/sign-out").headers["location"] == "/account"
    assert desk.ask("/account").status == 200  # who acts no more stays signed in
    assert desk.ask("/operator").headers["location"] == "/operator/sign-in"


def test_keys_and_account_managers_never_give_the_role(desk, lab, new_visitor):
    secret, guesses = load_secrets(lab.folder.keys).accounts, Guesses(lambda: lab.now)
    connections = Connections(folder=lab.folder)
    managers = AccountManagers(give=pytest.fail, connections=connections, secret=secret, guesses=guesses)
    for key in desk.shown_keys():
        for cookie in ("axiom", "auth"):
            assert new_visitor(cookies={cookie: key}).ask("/operator").headers["location"] == "/account/sign-in"
        stranger = new_visitor()
        for way in ({"authorization": f"Bearer {key}"}, {}):
            reply = stranger.ask(f"/operator?authenticator={key}&account_key={key}&auth={key}", **way)
            assert reply.headers["location"] == "/account/sign-in"
        before = desk.stored()
        words = {"account_key": key, "password_hash": passwd_hash(NEW_PASSWORD, EMAIL)}
        assert b"<error>" in managers.change(words)
        assert desk.stored() == before


def test_what_went_wrong_is_said_above_where_no_answer_is_due(lab, desk):
    def heading() -> str:
        return re.search(r"<h1>(.*?)</h1>", desk.ask("/operator").text)[1]

    def fail(db):
        db.execute("DELETE FROM preflight")
        bundle = db.row("SELECT digest FROM bundle")["digest"]
        facts = {"gates": GATES, "passed": False, "reason": "G5: <wrong>", "platform": "", "report": ""}
        preflights.record_preflight(db, Preflight(bundle=bundle, at=lab.now, **facts))

    waiting = heading()
    desk.app.writer.run(lambda db: db.execute("UPDATE proposal SET state = 'refused'"))
    nothing = heading()
    desk.app.writer.run(fail)
    assert len({waiting, nothing, heading()}) == 3
    assert "G5: &lt;wrong&gt;" in desk.ask("/operator").text


def test_of_what_waits_the_newest_are_shown_and_all_are_counted(lab, desk, monkeypatch):
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 3)

    def ask_much(db):
        for number in range(2, 9):
            proposals.add_proposal(db, replace(proposed(), slug=f"another-{number}"), 1, None, lab.now)
            ideas.add_idea(db, Idea(question=f"Is it {number}?", why="a test", by="eve"), is_shown=False, now=lab.now)

    desk.app.writer.run(ask_much)
    page = desk.ask("/operator").text
    assert re.findall(r'<th [^>]*scope="row"><a href="/proposals/(\d+)">', page) == ["8", "7", "6"]
    assert re.findall(r'<th [^>]*scope="row">(\d+)', page) == ["7", "6", "5"]  # ideas
    assert page.count("The newest 3 of") == 2


def test_a_volunteers_idea_is_shown_to_everybody_once_that_is_confirmed(desk, new_visitor, eve):
    hostile = '"><script>alert(1)</script>'
    eve.post("/account/ideas/add", question=f"Is it {hostile}?", why=hostile)
    newest, *_ = desk.look(lambda db: ideas.list_idea_standings(db, public=False))
    number = str(newest.number)
    assert hostile not in desk.ask("/operator").text
    shown = send(desk, "/operator/idea.show", idea=number)
    assert hostile not in shown.text
    assert eve.ask(f"/ideas/{number}").status == 404
    assert post(desk, "/operator/do", hidden(shown)).status == 200
    assert new_visitor().ask(f"/ideas/{number}.json").json["idea"]["question"] == f"Is it {hostile}?"
    assert done(desk)[-1] == ("operator:ada", "idea.show")


def test_of_six_that_send_one_form_at_once_one_is_told_that_it_was_done(desk):
    shown = send(desk, "/operator/news.add", **NEWS)
    body = urlencode(hidden(shown)).encode()

    async def race():
        return await asyncio.gather(*(desk._ask("/operator/do", "POST", body, {"origin": ORIGIN}) for _ in range(6)))

    replies = desk.loop.run_until_complete(race())
    told = sorted((reply.status, "Done, in your name" in reply.text) for reply in replies)
    assert told == [(200, True), *5 * [(409, False)]]
    assert len(desk.look(lambda db: news.list_newest_news(db, 9))) == 1
