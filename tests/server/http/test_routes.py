"""The project's own addresses, as account managers and credit sites ask there."""

import asyncio
from urllib.parse import urlencode

import pytest
from front_office import EMAIL, HASH, SECRET, WRONG, Office, error_in, key_in, nothing
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.boinc.project_pictures import PICTURES, load_project_pictures
from axiom.domain.fleet import Capacity, Platform
from axiom.errors import StoreBusy
from axiom.server.accounts import account_credentials
from axiom.server.http.downloads import Downloads
from axiom.server.http.refused_requests import RequestGuard
from axiom.server.http.routes import Front, HttpAnswer
from axiom.store.accounts import teams
from axiom.store.hosts import hosts


def test_an_account_manager_sets_an_account_by_its_key_with_no_date_in_the_future(office):
    key = key_in(office.create())
    assert "<name>Ann</name>" in office.ask("/am_get_info.php", account_key=key)
    preferences = "<global_preferences><mod_time>99</mod_time><max_ncpus_pct>50</max_ncpus_pct></global_preferences>"
    form = {
        "account_key": key,
        "name": "Ann B.",
        "country": "Norway",
        "url": "https://ann.example/",
        "show_hosts": "0",
        "venue": "home",
        "global_prefs": preferences,
        "project_prefs": "<resource_share>42</resource_share>",
    }
    assert "<success/>" in office.ask("/am_set_info.php", method="POST", form=form)
    answer = office.ask("/am_get_info.php", account_key=key)
    for part in (
        *("<name>Ann%20B.</name>", "<country>Norway</country>", "<show_hosts>0</show_hosts>", "<venue>home</venue>"),
        *(preferences, "<resource_share>42</resource_share>", "<teamid>0</teamid>"),
    ):
        assert part in answer
    for when, percent in ((99_999_999_999, 10), (int(office.lab.now.timestamp()) + 60, 50)):
        words = f"<mod_time>{when}</mod_time><max_ncpus_pct>{percent}</max_ncpus_pct>"
        office.ask("/am_set_info.php", method="POST", form={"account_key": key, "global_prefs": words})
        office.lab.later(hours=1)
    assert "<max_ncpus_pct>50</max_ncpus_pct>" in office.ask("/am_get_info.php", account_key=key)
    words = "<run_on_batteries>1</run_on_batteries>"  # without a date clients would be sent them again and again
    office.ask("/am_set_info.php", method="POST", form={"account_key": key, "global_prefs": words})
    info = office.ask("/am_get_info.php", account_key=key)
    assert f"<mod_time>{int(office.lab.now.timestamp())}</mod_time>\n{words}" in info


def test_an_account_manager_says_where_a_volunteer_s_own_computer_stands(office):
    key, _ = key_in(office.create()), office.create("bob@mail.example", WRONG, "Bob")
    facts = {
        "platform": Platform(system="linux", processor="x86_64", instructions="avx2"),
        "capacity": Capacity(cores=2, memory_mb=4_000),
    }
    mine, other = (
        office.writer.run(
            lambda db, whose=whose: hosts.upsert_host(db, volunteer_id=whose, name="", now=office.lab.now, **facts)
        )
        for whose in (1, 2)
    )

    def place(**fields):
        answer = office.ask("/am_set_host_info.php", **({"account_key": key, "hostid": str(mine)} | fields))
        venues = office.writer.run(lambda db: [hosts.find_host(db, one).venue for one in (mine, other)])
        return answer, venues

    answer, venues = place(venue="work")
    assert answer == "<am_set_host_info_reply>\n<success/>\n</am_set_host_info_reply>\n"
    assert venues == ["work", ""]
    for wrong, error in (
        ({"venue": "home", "hostid": str(other)}, -136),
        ({"venue": "home", "hostid": "99999"}, -136),
        ({"venue": "home", "hostid": "one"}, -136),
        ({"venue": "home", "account_key": WRONG}, -136),
        ({"venue": "moon"}, -188),
    ):
        answer, venues = place(**wrong)
        assert (error_in(answer), venues) == (error, ["work", ""])
    assert place(venue="")[1] == ["", ""]


def test_whoever_has_a_name_of_windows_in_its_own_letters_gets_an_account(office):
    for number, (written, name) in enumerate(((b"J%C3%BCrgen", "Jürgen"), (b"%8ER%93c", "ŽR“c"), (b"%E5%B1%B1", "山"))):
        query = b"email_addr=%d%s&passwd_hash=%s&user_name=%s" % (number, EMAIL.encode(), HASH.encode(), written)
        key_in(office.raw("/create_account.php", query=query)[2].decode())
        assert office.stored(f"{number}{EMAIL}")[0].name == name


REFUSED = [
    ({"account_key": WRONG}, -136),
    ({"account_key": ""}, -136),
    ({"name": "<b>"}, -188),
    ({"country": "x" * 61}, -188),
    ({"country": "<b>"}, -188),
    ({"teamid": "a team"}, -188),
    ({"teamid": "77"}, -136),
    ({"show_hosts": "perhaps"}, -188),
    ({"email_addr": "new@mail.example"}, -206),
    ({"password_hash": WRONG}, -206),
    ({"global_prefs": "<mod_time>1</mod_time></global_preferences><evil/>"}, -188),
    ({"global_prefs": "<!DOCTYPE x>"}, -188),
    ({"global_prefs": "<a>" * 30_000}, -188),
    ({"project_prefs": "<resource_share>"}, -188),
    ({"url": "javascript:alert(1)"}, -188),
    ({"url": 'https://a.example/" onclick=x'}, -188),
    ({"venue": "moon"}, -188),
]


def test_what_an_account_manager_may_not_set_changes_nothing(office):
    key = key_in(office.create())
    weak = account_credentials.weak_key_of(SECRET, *office.stored())
    before = office.ask("/am_get_info.php", account_key=key)
    for fields, error in (*REFUSED, ({"account_key": weak}, -136)):
        office.lab.later(minutes=61)
        answer = office.ask("/am_set_info.php", **({"account_key": key, "country": "Norway"} | fields))
        assert error_in(answer) == error, fields
        assert office.ask("/am_get_info.php", account_key=key) == before
    assert error_in(office.ask("/am_get_info.php", account_key=weak)) == -136
    assert error_in(office.ask("/login_token_lookup.php", user_id="1", token="x")) == -136  # noqa: S106


def test_a_team_is_searched_by_words_or_number_and_its_eldest_follows_its_founder(office):
    key = key_in(office.create())
    founder = office.stored()[0].id

    def found(db):
        for name in ("Night Owls", "Owls & Co", "Hawks"):
            teams.create_team(
                db, name=name, founder_id=founder, country="", website="", about="<b>", now=office.lab.now
            )

    office.writer.run(found)
    assert office.ask("/team_lookup.php", team_name="owls") == "<teams>\n</teams>\n"  # nobody is in them
    for number in (1, 2):
        other = key_in(office.create(f"{number}@mail.example", WRONG, "Bo"))
        assert "<success/>" in office.ask("/am_set_info.php", account_key=other, teamid=str(number))
    assert office.ask("/team_lookup.php", team_name="owls").count("<team>") == 2
    assert "<name>Owls &amp; Co</name>" in office.ask("/team_lookup.php", team_id="2")
    assert error_in(office.ask("/team_lookup.php", team_id="9")) == -136
    assert office.ask("/team_lookup.php") == "<teams>\n</teams>\n"
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, teamid="3")
    assert "<nusers>1</nusers>" in office.ask("/team_lookup.php", team_id="3")
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, teamid="0")
    assert "<nusers>0</nusers>" in office.ask("/team_lookup.php", team_id="3")
    keys = [key, *(key_in(office.create(f"{name}@mail.example", WRONG, name)) for name in ("bob", "cy"))]
    for joining in keys:
        assert "<success/>" in office.ask("/am_set_info.php", account_key=joining, teamid="3")
    second = office.stored("bob@mail.example")[0].id
    for leaving, looks_after in ((0, second), (2, second), (1, second)):  # the last who leaves stays its founder
        assert "<success/>" in office.ask("/am_set_info.php", account_key=keys[leaving], teamid="0")
        assert f"<userid>{looks_after}</userid>" in office.ask("/team_lookup.php", team_id="3")


@settings(max_examples=50)
@given(
    path=st.sampled_from(["create_account", "lookup_account", "am_get_info", "am_set_info", "team_lookup"]),
    query=st.one_of(
        st.binary(max_size=200),
        st.dictionaries(
            st.sampled_from(["email_addr", "passwd_hash", "user_name", "account_key", "team_id", "team_name", "name"]),
            st.text(max_size=60),
        ).map(lambda fields: urlencode(fields).encode()),
    ),
)
def test_whatever_is_asked_is_answered(office_for_all, path, query):
    status, _, body = office_for_all.raw(f"/{path}.php", query=query)
    assert status == 200
    assert body.startswith(b"<")


@pytest.fixture(scope="module")
def office_for_all(new_lab, tmp_path_factory):
    made = Office(new_lab(tmp_path_factory.mktemp("office") / "lab"), new_accounts=0)
    yield made
    made.close()


@pytest.mark.parametrize("rest", [None, b"x" * 1_000_000], ids=["breaks off", "too long"])
def test_nothing_of_a_form_is_done_whose_end_is_not_here(office, rest):
    key = key_in(office.create())
    form = urlencode({"account_key": key, "name": "Ann B.", "country": "Norway"}).encode()
    answer = asyncio.run(_told(office.front, "/am_set_info.php", form[:-1], rest))
    assert answer == b"" if rest is None else error_in(answer.decode()) == -188
    assert "<name>Ann</name>" in office.ask("/am_get_info.php", account_key=key)


async def _told(front, path, *pieces) -> bytes:
    """What is answered to a form that comes in pieces; where one is none, its sender has left."""
    coming, answer = iter(pieces), []

    async def receive():
        piece = next(coming)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": piece is pieces[0]}

    async def send(message):
        answer.append(message.get("body", b""))

    scope = {"type": "http", "http_version": "1.0", "method": "POST", "path": path, "raw_path": path.encode()}
    length = (b"content-length", b"1000")
    await RequestGuard(front)({**scope, "query_string": b"", "headers": [length], "client": None}, receive, send)
    return b"".join(answer)


def test_whoever_asks_too_often_or_meets_a_fault_is_asked_to_come_again(office, caplog):
    def broken(_):
        raise RuntimeError("a fault")

    def busy(_):
        raise StoreBusy("busy")

    handlers = {"/broken": broken, "/busy": busy, "/well": lambda _: HttpAnswer(body=b"well")}
    office.front = Front(nothing, handlers, Downloads(office.lab.folder, office.lab.keys.trust), office.threads)
    assert [error_in(office.ask(path, canary="canary")) for path in ("/broken", "/busy")] == [-183, -183]
    assert office.ask("/well") == "well"
    office.front._asking = 1_000
    assert error_in(office.ask("/well")) == -183
    assert "canary" not in caplog.text


def test_the_configuration_is_the_project_s_and_other_addresses_are_the_site_s(office):
    answer = office.ask("/get_project_config.php")
    for part in ("name>Small &amp; Sons<", "master_url>http://lab.example/<", "platform_name>x86_64-pc-linux-gnu<"):
        assert part in answer
    for picture in load_project_pictures():
        status, headers, body = office.raw(f"/{PICTURES}/{picture.name}")
        assert status == 200
        assert headers["content-type"] == "image/png"
        assert body == picture.body
    status, headers, body = office.raw("/get_project_config.php", method="HEAD")
    assert status == 200
    assert body == b""
    assert headers["content-length"] == f"{len(answer.encode())}"
    assert office.raw("/lookup_account.php", method="DELETE")[0] == 405
    assert office.raw("/elsewhere") == (404, {}, b"the site")
    first = office.ask("/server_status.php", xml="1")
    assert "<users_registered_in_past_24_hours>0</users_registered_in_past_24_hours>" in first
    office.create()
    assert office.ask("/server_status.php", xml="1") == first
    office.lab.later(minutes=2)
    later = office.ask("/server_status.php", xml="1")
    assert "<users_registered_in_past_24_hours>1</users_registered_in_past_24_hours>" in later
    status, headers, _ = office.raw("/server_status.php")
    assert (status, headers["location"]) == (302, "http://lab.example/status")


def test_no_page_of_another_site_makes_or_learns_anything_by_an_address_of_a_client(office):
    """Whatever takes a password or a key, or changes something; the rest anybody's page may link to."""
    open_to_links = {"/get_project_config.php", "/server_status.php", "/team_lookup.php", "/login_token_lookup.php"}
    guarded = {path for path in office.project.endpoints() if path.endswith(".php")} - open_to_links
    assert len(guarded) == 5
    for path in guarded:
        for header in (
            (b"sec-fetch-site", b"cross-site"),
            (b"origin", b"http://evil.example"),
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)"),  # which says no more over plain http
        ):
            for method in ("GET", "POST", "HEAD"):
                status, _, _ = office.raw(path, method=method, headers=[header], email_addr=EMAIL, passwd_hash=HASH)
                assert status == 403, (path, header)
    assert office.stored() is None
    for path in open_to_links:
        assert office.raw(path, headers=[(b"sec-fetch-site", b"cross-site")])[0] in {200, 302}
