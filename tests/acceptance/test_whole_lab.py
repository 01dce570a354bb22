"""One laboratory as a person at a terminal has it: it works by itself, is asked, backed up, killed, and goes on."""

import html
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE
from programs_lab import OWN_SUM
from running_lab import AXIOM, Lab, answer, axiom, running, typed

from axiom import shipped
from axiom.laboratory.promises import PROMISES

CATALOGUE = shipped.catalogue_folder()
QUESTIONS = 6  # that the front page lists


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A laboratory at work, which knows one question more than it was shipped with."""
    data, file = tmp_path_factory.mktemp("whole") / "lab", tmp_path_factory.mktemp("own") / "own_sum.py"
    file.write_text(OWN_SUM)
    assert axiom("init", data).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    assert typed("experiment", "publish", file, data=data).returncode == 0
    with running(data, "--workers", "2") as started:
        started.wait(lambda _: any(has_interval(finding) for finding in findings(started)))
        yield started


def findings(lab: Lab) -> list[dict[str, Any]]:
    return list(json.loads(lab.page("findings.json"))["findings"])


def has_interval(finding: dict[str, Any]) -> bool:
    evidence = finding["evidence"]
    return bool(evidence) and None not in evidence["interval"]


def test_questions_are_published_computed_and_weighed_in_sessions_that_nobody_held(lab: Lab) -> None:
    names = {path.stem for path in CATALOGUE.glob("[a-z]*.py")} | {"own_sum"}
    status = lab.wait(lambda status: {row["name"] for row in status["experiments"]} == names)
    assert {outcome for row in status["experiments"] for outcome in row["results"]} == {"ok"}
    assert not [row for row in status["experiments"] if row["tasks"].get("failed") or row["tasks"].get("invalid")]
    finding = next(finding for finding in findings(lab) if has_interval(finding))
    evidence = finding["evidence"]
    assert evidence["interval"][0] <= evidence["estimate"] <= evidence["interval"][1]
    assert evidence["seeds"] % 8 == 0
    assert finding["grade"] in {"Awaiting", "Moderate"}, "one host alone cannot carry more"
    listed = answer("finding", "list", data=lab.data)["findings"]
    assert {frozenset(row) for row in listed} == {frozenset(finding)}, "command line and page say the same things"
    sessions = answer("session", "list", "--limit", 1000, data=lab.data)["sessions"]
    assert {session["pi"] for session in sessions} == {"autopilot"}
    logs = [typed("session", "show", session["name"], data=lab.data).stdout for session in sessions]
    assert any("the pilot of" in log for log in logs)


def test_a_person_at_another_terminal_is_answered_by_the_server_once_and_audited(lab: Lab) -> None:
    status = json.loads(axiom("status", "--json", data=lab.data).stdout)["status"]
    assert (status["state"], status["address"]) == ("running", lab.address)
    words = ("experiment", "deploy", "test_deploy", "--key", "once")
    first = answer(*words, data=lab.data)["experiment"]
    assert answer(*words, data=lab.data)["experiment"] == {**first, "repeated": True}
    audited = answer("audit", "show", "--limit", 1_000, data=lab.data)["audit"]
    assert [row["caller"] for row in audited if row["key"] == "once"] == ["operator"]
    assert typed("audit", "verify", data=lab.data).returncode == 0
    refused = axiom("experiment", "deploy", "test_deplo", data=lab.data)
    assert refused.returncode == 2
    assert "test_deploy" in refused.stderr
    second = axiom("lab", "--port", "0", data=lab.data)
    assert second.returncode == 5
    assert f"process {lab.process.pid}" in second.stderr

    before = answer("workunit", "list", "--limit", 10_000, data=lab.data)["workunits"]
    made = answer("experiment", "deploy", "test_deploy", "--workunits", 500, "--dry-run", data=lab.data)["experiment"]
    assert made["workunits"] == 500
    assert len(answer("workunit", "list", "--limit", 10_000, data=lab.data)["workunits"]) < len(before) + 500
    assert any(row["name"] == "test_deploy" for row in answer("session", "plan", data=lab.data)["skipped"])
    while (dry := typed("session", "run", "--dry-run", data=lab.data)).returncode:
        assert "has it in hand" in dry.stderr  # the autopilot holds a session at this moment
    sessions = answer("session", "list", "--limit", 1000, data=lab.data)["sessions"]
    assert {session["pi"] for session in sessions} == {"autopilot"}, "the dry one would have been a person's"


def test_the_result_of_a_task_can_be_computed_again_here_and_now(lab: Lab) -> None:
    tasks = answer("task", "list", "--state", "valid", "--limit", 1000, data=lab.data)["tasks"]
    shown = answer("task", "show", tasks[-1]["id"], data=lab.data)["task"]
    row = min(shown["results"], key=lambda result: result["cpu_seconds"])
    with closing(sqlite3.connect(f"file:{lab.data / 'axiom.db'}?mode=ro", uri=True)) as db:
        ((name,),) = db.execute("SELECT name FROM experiment WHERE id = ?", (row["experiment_id"],))
    config = answer("experiment", "show", name, data=lab.data)["experiment"]["configs"][row["config"]]
    file = lab.data / "catalogue" / f"{name}.py"
    words = [f"{factor}={level}" for factor, level in config.items()]
    cells = answer("experiment", "run", file if file.exists() else name, *words, "--seed", row["seed"])["cells"]
    assert cells[0]["measures"] == row["measures"]


def test_its_page_loads_nothing_from_elsewhere_and_its_server_holds_no_jax(lab: Lab) -> None:
    page = lab.page("")
    questions = {row["question"] for row in answer("experiment", "list", data=lab.data)["experiments"]}
    in_list = html.unescape(page.partition(">Open questions<")[2].partition("</ul>")[0])
    assert len([question for question in questions if f">{question}<" in in_list]) == QUESTIONS
    assert page.count("<script") == page.count('<script src="/static/')
    assert re.findall("https?://", page.replace(lab.address, "")) == []
    mapped = Path(f"/proc/{lab.process.pid}/maps").read_text()  # what a process has imported, it has mapped
    assert "jaxlib" not in mapped
    private = [lab.data / "axiom.sock", *(lab.data / "keys").glob("*.key")]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_every_promise_holds_while_work_flows_and_the_doctor_finds_nothing(lab: Lab) -> None:
    promises = answer("doctor", "--invariants", data=lab.data)["doctor"]["findings"]
    assert [promise for promise in promises if not promise["well"]] == []
    assert len(promises) == len(PROMISES)
    doctor = json.loads(typed("doctor", "--json", data=lab.data).stdout)["doctor"]
    # How fast this computer's disk answers beside all other tests is no fault of the laboratory.
    assert {finding["name"] for finding in doctor["findings"] if not finding["well"]} <= {"sync"}
    assert lab.address in json.dumps(doctor)


def test_a_backup_taken_at_work_goes_on_elsewhere_through_a_kill_and_a_stop(lab: Lab, tmp_path: Path) -> None:
    archive, again = tmp_path / "backup.tar", tmp_path / "again"
    made = answer("backup", "-o", archive, data=lab.data)["backup"]
    assert lab.process.poll() is None
    lab.wait(lambda status: status["totals"]["result"] > made["results"])
    assert lab.stop() == 130
    proven = answer("restore", archive, "--dry-run", data=again)["restored"]
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
    restored = answer("restore", archive, data=again)["restored"]
    assert proven == restored | {"dry_run": True}
    assert [restored[name] for name in ("lab", "results", "made_at")] == [
        made[name] for name in ("lab", "results", "made_at")
    ]
    issued = newest_task(again)
    with running(again, "--workers", "1", "--no-pi") as second:
        answer("experiment", "deploy", "own_sum", "--workunits", 2, data=again)
        second.wait(lambda status: status["totals"]["result"] > made["results"] and newest_task(again) > issued)
        answer("experiment", "deploy", "rank_dynamics", "--workunits", 20, data=again)  # of seconds each
        second.wait(lambda status: status["computing"])
        second.process.kill()
        second.process.wait()
    with running(again, "--workers", "1", "--no-pi") as second:
        second.wait(lambda status: any(task["progress"] for task in status["computing"]))  # or it would be given back
        assert second.stop() == 130
    assert not (again / "axiom.sock").exists()
    assert answer("status", data=again)["status"]["state"] == "stopped"
    out = [task["id"] for task in answer("task", "list", "--state", "sent", data=again)["tasks"]]
    assert out, "stopped in the middle of a task"
    with running(again, "--workers", "1", "--no-pi") as second:  # what was out goes on instead of being given up
        second.wait(lambda _: json.loads(second.page(f"tasks/{out[0]}.json"))["task"]["state"] == "valid")
        assert second.stop() == 130
    assert typed("doctor", "--invariants", data=again).returncode == 0
    assert typed("audit", "verify", data=again).returncode == 0
    lines = (again / "logs" / "axiom.log").read_text().splitlines()
    events = [line.split()[3] for line in lines if "axiom.lab " in line]
    assert events == ["lab.started", "lab.started", "lab.stopped", "lab.started", "lab.stopped"]


def newest_task(data: Path) -> int:
    """The highest id that a task has had."""
    with closing(sqlite3.connect(f"file:{data}/axiom.db?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'task'").fetchone()[0])


def test_server_engine_and_autopilot_one_by_one_end_with_their_laboratory(quick: Path) -> None:
    def part(*words: object) -> "subprocess.Popen[str]":
        command = [*map(str, words), "--data", str(quick)]
        return subprocess.Popen([AXIOM, *command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    alone = axiom("work", data=quick)
    assert alone.returncode == 5
    assert "axiom serve" in alone.stderr
    with running(quick, command="serve") as lab:
        assert lab.status()["parts"]["engine"] is False
        pilot, engine = part("pi", "--pause", "0.2"), part("work", "--workers", "1", "--name", "beside")
        lab.wait(lambda status: status["totals"]["result"] > 0)
        second = axiom("work", "--workers", "1", "--name", "beside", data=quick)
        assert second.returncode == 5
        assert "another --name" in second.stderr
        names = {host["name"] for host in answer("host", "list", data=quick)["hosts"]}
        assert names == {"this computer", "beside"}
        assert answer("session", "list", data=quick)["sessions"]
        lab.process.kill()
        lab.process.wait()
        for process in (pilot, engine):
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
    assert typed("doctor", "--invariants", data=quick).returncode == 0
