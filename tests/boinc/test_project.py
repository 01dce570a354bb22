"""What a project says of itself."""

import xml.etree.ElementTree as ET
from dataclasses import replace

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
    plain = ("name", "master_url", "web_rpc_url_base", "min_passwd_length", "web_stopped", "sched_stopped")
    site = "http://127.0.0.1:18080/axiom/"
    assert [root.findtext(tag) for tag in plain] == ["Axiom & Söhne", site, site, "8", "0", "0"]
    assert [(platform[0].text, platform[1].text) for platform in root.findall("platforms/platform")] == [
        ("x86_64-pc-linux-gnu", "Linux"),
        ("windows_x86_64", "Windows"),
    ]
    assert [element.text for element in root.iter("plan_class")] == ["avx2"]
    absent = ("account_creation_disabled", "terms_of_use", "error_num", "uses_username", "account_manager")
    assert [root.find(tag) for tag in absent] == [None] * 5
    closed = replace(CONFIG, creation_disabled=True, terms_of_use="Be <kind>.")
    root = ET.fromstring(config_reply(closed))
    assert (root.findtext("terms_of_use"), root.find("account_creation_disabled") is not None) == ("Be <kind>.", True)


def test_the_master_page_names_the_scheduler_on_short_lines_of_its_own():
    lines = scheduler_lines(("http://127.0.0.1:18080/axiom/scheduler",))
    assert lines.splitlines() == [
        '<link rel="boinc_scheduler" href="http://127.0.0.1:18080/axiom/scheduler">',
        "<!-- <scheduler>http://127.0.0.1:18080/axiom/scheduler</scheduler> -->",
    ]
    longest = "https://example.org/" + "a" * 198
    assert max(len(line) for line in scheduler_lines((longest,)).splitlines(keepends=True)) == 255
    for urls in ((), ("http://example.org/?a=b&c",), ("ftp://example.org/",), (longest + "a",)):
        with pytest.raises(WrongUse):
            scheduler_lines(urls)


def test_the_status_says_how_busy_the_server_is():
    tables = [  # our words and BOINC's, counted through
        ("tasks_unsent", "results_ready_to_send"),
        ("tasks_in_progress", "results_in_progress"),
        ("workunits_to_validate", "workunits_waiting_for_validation"),
        ("workunits_to_assimilate", "workunits_waiting_for_assimilation"),
        ("workunits_to_delete", "workunits_waiting_for_deletion"),
        ("tasks_to_delete", "results_waiting_for_deletion"),
        ("volunteers_with_recent_credit", "users_with_recent_credit"),
        ("volunteers_with_credit", "users_with_credit"),
        ("volunteers_new_today", "users_registered_in_past_24_hours"),
        ("hosts_with_recent_credit", "hosts_with_recent_credit"),
        ("hosts_with_credit", "hosts_with_credit"),
        ("hosts_new_today", "hosts_registered_in_past_24_hours"),
    ]
    status = ServerStatus(
        updated_at=1_772_000_000,
        version="26.12.0",
        daemons=tuple(
            Daemon(host="axiom", command=name, is_up=name == "validator") for name in ("validator", "janitor")
        ),
        **{ours: number for number, (ours, _) in enumerate(tables, start=1)},
        transitioner_backlog_hours=0.25,
        gigaflops=13.5,
        experiments=(ExperimentLoad(id=3, name="rank_dynamics", unsent=14, in_progress=15, volunteers=16),),
    )
    root = ET.fromstring(status_reply(status))
    daemons = [(daemon.findtext("command"), daemon.findtext("status")) for daemon in root.iter("daemon")]
    assert daemons == [("validator", "running"), ("janitor", "not running")]
    states = root.find("database_file_states")
    assert {element.tag: element.text for element in states if element.tag != "tasks_by_app"} == {
        **{theirs: str(number) for number, (_, theirs) in enumerate(tables, start=1)},
        "transitioner_backlog_hours": "0.2500",
        "current_floating_point_speed": "13.50",
    }
    load = {element.tag: element.text for element in states.find("tasks_by_app/app")}
    counts = {"id": "3", "name": "rank_dynamics", "unsent": "14", "in_progress": "15", "users": "16"}
    assert load == counts | dict.fromkeys(("avg_runtime", "min_runtime", "max_runtime"), "0.0000")
