"""What is asked at addresses of other days: in place of ours, or by a link that somebody still follows."""

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_client import OK, Answers, Line, Page, post
from listening import while_listening

from axiom.errors import WrongUse
from axiom.server.http.old_addresses import _NEAREST, page_in_place_of, read_old_paths
from axiom.server.http.origins import PublicAddress
from axiom.server.http.serving import ServedSocket
from axiom.service.volunteer_project import public_address
from axiom.settings import Settings
from axiom.web.account import pages as account_pages
from axiom.web.site.routes import PAGES

ALIASES = "/N_cgi/cgi=/scheduler, /N_cgi/up = /file_upload_handler,/old/news.php=/news"


@pytest.mark.parametrize(
    ("below", "aliases", "asked", "answered"),
    [
        ("/N/", ALIASES, "/N/", "/"),
        ("/N/", ALIASES, "/N", "/"),
        ("/N/", ALIASES, "/N/stats/user.gz", "/stats/user.gz"),
        ("/N/", ALIASES, "/stats/user.gz", "/stats/user.gz"),
        ("/N/", ALIASES, "/N/findings/a%2Fb", "/findings/a%2Fb"),
        ("/N/", ALIASES, "/N/N/findings", "/N/findings"),
        ("/N/", ALIASES, "/Nothing", "/Nothing"),
        ("/N/", ALIASES, "/N_cgi/cgi", "/scheduler"),
        ("/N/", ALIASES, "/N_cgi/up", "/file_upload_handler"),
        ("/N/", ALIASES, "/N_cgi/up/", "/N_cgi/up/"),
        ("/N/", "/N/cgi=/scheduler", "/N/cgi", "/scheduler"),
        ("/", ALIASES, "/old/news.php", "/news"),
        ("/", ALIASES, "/N/findings", "/N/findings"),
        ("/a/b/", "", "/a/b/join", "/join"),
        ("/a/b/", "", "/a/join", "/a/join"),
    ],
)
def test_a_path_stands_for_the_one_that_answers(below, aliases, asked, answered):
    scope = {"path": asked.replace("%2F", "/"), "raw_path": asked.encode(), "query_string": b"q"}
    translated = read_old_paths(below, aliases).translate(scope)
    expected = {"path": answered.replace("%2F", "/"), "raw_path": answered.encode(), "query_string": b"q"}
    assert translated == expected


def test_nothing_is_translated_where_everything_is_asked_where_it_is():
    assert public_address(Settings(url="https://lab.example"), "").old_paths is None
    assert public_address(Settings(url="https://lab.example/N"), "").old_paths is not None
    assert public_address(Settings(aliases=ALIASES), "http://127.0.0.1:1/").old_paths is not None
    for path in ("findings", "api", "stats/x", "download"):
        with pytest.raises(WrongUse):
            public_address(Settings(url=f"https://lab.example/{path}"), "")


def test_requests_of_programs_are_guarded_as_if_asked_without_the_path():
    listening, answers = socket.create_server(("127.0.0.1", 0)), Answers()
    where = listening.getsockname()
    address = PublicAddress(names=frozenset({"lab"}), origin="http://lab", old_paths=read_old_paths("/N/", "/cgi=/now"))

    def talk():
        line = Line(where)
        line.say(post(b"/cgi", b"abc"), post(b"/N/now", b"ab"), post(b"/now", b"a"), post(b"/N/page", b""))
        served = [line.answer() for _ in range(4)]
        line.say(b"GET /N/api/status HTTP/1.1\r\nhost: lab\r\nsec-fetch-site: cross-site\r\n\r\n")
        refused = line.answer()
        line.socket.close()
        return served, refused

    served, (status, problem) = while_listening(
        [ServedSocket(app=Page(), socket=listening, lanes=answers.lanes(), address=address)], talk
    )
    assert served == [(OK, b"now 3"), (OK, b"now 2"), (OK, b"now 1"), (OK, b"page /page 0")]
    assert json.loads(problem)["status"] == int(status[9:12]) == 403


FOLLOWED = {
    ("show_user", "userid=5"): "/volunteers/5",
    ("show_user", "format=xml&userid=5&x=1"): "/volunteers/5",
    ("show_user", "auth=0123456789abcdef"): "/volunteers",
    ("show_user", ""): "/volunteers",
    ("show_user", "userid=0"): "/volunteers",
    ("show_user", "userid=-5"): "/volunteers",
    ("show_user", "userid=5x"): "/volunteers",
    ("show_user", "userid=" + "9" * 40): "/volunteers",
    ("show_user", "userid=//evil.example"): "/volunteers",
    ("show_host_detail", "hostid=7"): "/hosts/7",
    ("hosts_user", "userid=5"): "/volunteers/5",
    ("hosts_user", ""): "/hosts",
    ("results", "hostid=7&offset=20"): "/hosts/7",
    ("results", "userid=5"): "/volunteers/5",
    ("team_display", "teamid=3"): "/teams/3",
    ("team_members", "teamid=3&sort_by=expavg_credit"): "/teams/3",
    ("top_users", "userid=5"): "/leaderboards",
    ("top_hosts", ""): "/leaderboards?of=hosts",
    ("top_teams", ""): "/leaderboards?of=teams",
    ("home", ""): "/account",
    ("prefs", "subset=global"): "/account/preferences",
    ("create_account_form", ""): "/join",
    ("login_form", ""): "/account/sign-in",
    ("forum_index", ""): "/news",
    ("apps", ""): "/experiments",
    ("index", ""): "/",
    ("workunit", "wuid=4"): "/status",
    ("result", "resultid=4"): "/status",
}


def test_an_old_link_leads_to_the_page_of_today_but_nobody_who_sends_something(office):
    for (name, query), page in FOLLOWED.items():
        for method in ("GET", "HEAD"):
            status, headers, body = office.raw(f"/{name}.php", method=method, query=query.encode())
            assert status == 301, name
            assert headers.get("location") == page, query
            assert body == b""
    assert office.raw("/show_user.php", method="POST", form={"userid": 5})[2] == b"the site"
    assert office.raw("/no_page.php")[2] == b"the site"
    assert office.raw("/show_user")[2] == b"the site"


def test_every_old_link_leads_to_a_page_that_is_there():
    there = {page.path for page in PAGES} | set(account_pages.PAGES) | {"/news.atom"}
    assert {page.partition("?")[0] for page in _NEAREST} <= there


@settings(max_examples=100)
@given(query=st.binary(max_size=100))
def test_whatever_an_old_link_says_it_leads_to_a_page(query):
    page = page_in_place_of({"path": "/results.php", "query_string": query})
    assert page.startswith(("/hosts", "/volunteers/", "/teams/"))
