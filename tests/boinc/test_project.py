"""What a project says of itself."""

import xml.etree.ElementTree as ET

import pytest

from axiom.boinc.project import config_reply, scheduler_lines, status_reply
from axiom.errors import WrongUse

CONFIG = {
    "name": "Axiom & Söhne",
    "master_url": "http://127.0.0.1:18080/axiom/",
    "platforms": [("x86_64-pc-linux-gnu", ""), ("windows_x86_64", "avx2")],
    "min_passwd_length": 8,
}


def test_the_configuration_says_what_managers_ask():
    root = ET.fromstring(config_reply(**CONFIG, terms_of_use=""))
    assert root.tag == "project_config"
    plain = ("name", "master_url", "web_rpc_url_base", "min_passwd_length", "web_stopped", "sched_stopped")
    site = "http://127.0.0.1:18080/axiom/"
    assert [root.findtext(tag) for tag in plain] == ["Axiom & Söhne", site, site, "8", "0", "0"]
    assert [(platform[0].text, platform[1].text) for platform in root.findall("platforms/platform")] == [
        ("x86_64-pc-linux-gnu", "Linux, 64-bit Intel or AMD"),
        ("windows_x86_64", "Windows, 64-bit Intel or AMD"),
    ]
    assert [element.text for element in root.iter("plan_class")] == ["avx2"]
    absent = ("account_creation_disabled", "terms_of_use", "error_num", "uses_username", "account_manager")
    assert [root.find(tag) for tag in absent] == [None] * 5
    root = ET.fromstring(config_reply(**CONFIG, creation_disabled=True, terms_of_use="Be <kind>."))
    assert root.findtext("terms_of_use") == "Be <kind>."
    assert root.find("account_creation_disabled") is not None


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
    daemons = [{"host": "axiom", "command": name, "status": "running"} for name in ("validator", "janitor")]
    load = {"id": 3, "name": "rank_dynamics", "unsent": 14}
    root = ET.fromstring(status_reply({"software_version": "26.12.0"}, daemons, {"results_in_progress": 15}, [load]))
    assert root.findtext("software_version") == "26.12.0"
    assert [daemon.text for daemon in root.iterfind("daemon_status/daemon/command")] == ["validator", "janitor"]
    assert root.findtext("database_file_states/results_in_progress") == "15"
    (app,) = root.iterfind("database_file_states/tasks_by_app/app")
    assert {element.tag: element.text for element in app} == {"id": "3", "name": "rank_dynamics", "unsent": "14"}
