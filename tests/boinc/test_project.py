"""What a project says of itself."""

import xml.etree.ElementTree as ET

import pytest

from axiom.boinc.project import (
    Daemon,
    ExperimentLoad,
    OfferedPlatform,
    ProjectConfig,
    ServerStatus,
    config_reply,
    scheduler_lines,
    status_reply,
)
from axiom.errors import WrongUse

CONFIG = ProjectConfig(
    name="Axiom & Söhne",
    master_url="http://127.0.0.1:18080/axiom/",
    platforms=(
        OfferedPlatform(name="x86_64-pc-linux-gnu", title="Linux"),
        OfferedPlatform(name="windows_x86_64", title="Windows", plan_class="avx2"),
    ),
)


def test_the_configuration_says_what_managers_ask():
    root = ET.fromstring(config_reply(CONFIG))
    assert root.tag == "project_config"
    assert {tag: root.findtext(tag) for tag in ("name", "master_url", "web_rpc_url_base", "min_passwd_length")} == {
        "name": "Axiom & Söhne",
        "master_url": "http://127.0.0.1:18080/axiom/",
        "web_rpc_url_base": "http://127.0.0.1:18080/axiom/",
        "min_passwd_length": "8",
    }
    assert (root.findtext("web_stopped"), root.findtext("sched_stopped")) == ("0", "0")
    assert [(each[0].text, each[1].text) for each in root.findall("platforms/platform")] == [
        ("x86_64-pc-linux-gnu", "Linux"),
        ("windows_x86_64", "Windows"),
    ]
    assert [each.text for each in root.iter("plan_class")] == ["avx2"]
    absent = ("account_creation_disabled", "terms_of_use", "error_num", "uses_username", "account_manager")
    assert [root.find(tag) for tag in absent] == [None] * 5


def test_the_configuration_says_what_is_closed_and_which_terms_there_are():
    config = ProjectConfig(
        name="A", master_url="u", platforms=(), is_stopped=True, creation_disabled=True, terms_of_use="Be <kind>."
    )
    root = ET.fromstring(config_reply(config))
    assert root.findtext("sched_stopped") == root.findtext("web_stopped") == "1"
    assert root.findtext("error_num") == "-183"
    assert root.find("account_creation_disabled") is not None
    assert root.findtext("terms_of_use") == "Be <kind>."


def test_the_master_page_names_the_scheduler_on_short_lines_of_its_own():
    lines = scheduler_lines(("http://127.0.0.1:18080/axiom/scheduler",))
    assert lines.splitlines() == [
        '<link rel="boinc_scheduler" href="http://127.0.0.1:18080/axiom/scheduler">',
        "<!-- <scheduler>http://127.0.0.1:18080/axiom/scheduler</scheduler> -->",
    ]


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ((), "names no scheduler"),
        (("http://example.org/?a=b&c",), "clients do not decode it"),
        (('http://example.org/"><script>',), "clients do not decode it"),
        (("ftp://example.org/",), "clients do not decode it"),
        (("https://example.org/" + "a" * 200,), "makes a line of 257 characters"),
    ],
)
def test_an_address_that_clients_would_not_find_is_refused(urls, words):
    with pytest.raises(WrongUse, match=words):
        scheduler_lines(urls)


def test_the_longest_address_still_fits_its_line():
    lines = scheduler_lines(("https://example.org/" + "a" * 198,))
    assert max(len(line) for line in lines.splitlines(keepends=True)) == 255


def test_the_status_says_how_busy_the_server_is():
    status = ServerStatus(
        updated_at=1_772_000_000,
        version="26.12.0",
        daemons=(
            Daemon(host="axiom", command="validator", is_up=True),
            Daemon(host="axiom", command="janitor", is_up=False),
        ),
        tasks_unsent=1,
        tasks_in_progress=2,
        workunits_to_validate=3,
        workunits_to_assimilate=4,
        workunits_to_delete=5,
        tasks_to_delete=6,
        transitioner_backlog_hours=0.25,
        volunteers_with_recent_credit=7,
        volunteers_with_credit=8,
        volunteers_new_today=9,
        hosts_with_recent_credit=10,
        hosts_with_credit=11,
        hosts_new_today=12,
        gigaflops=13.5,
        experiments=(ExperimentLoad(id=3, name="rank_dynamics", unsent=14, in_progress=15, volunteers=16),),
    )
    root = ET.fromstring(status_reply(status))
    daemons = [(each.findtext("command"), each.findtext("status")) for each in root.findall("daemon_status/daemon")]
    assert daemons == [("validator", "running"), ("janitor", "not running")]
    counts = {each.tag: each.text for each in root.find("database_file_states") or () if each.tag != "tasks_by_app"}
    assert counts == {
        "results_ready_to_send": "1",
        "results_in_progress": "2",
        "workunits_waiting_for_validation": "3",
        "workunits_waiting_for_assimilation": "4",
        "workunits_waiting_for_deletion": "5",
        "results_waiting_for_deletion": "6",
        "transitioner_backlog_hours": "0.2500",
        "users_with_recent_credit": "7",
        "users_with_credit": "8",
        "users_registered_in_past_24_hours": "9",
        "hosts_with_recent_credit": "10",
        "hosts_with_credit": "11",
        "hosts_registered_in_past_24_hours": "12",
        "current_floating_point_speed": "13.50",
    }
    load = {each.tag: each.text for each in root.find("database_file_states/tasks_by_app/app") or ()}
    assert load == {
        "id": "3",
        "name": "rank_dynamics",
        "unsent": "14",
        "in_progress": "15",
        "users": "16",
        "avg_runtime": "0.0000",
        "min_runtime": "0.0000",
        "max_runtime": "0.0000",
    }
