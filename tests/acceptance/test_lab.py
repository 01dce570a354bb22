"""One laboratory while it works, as a person at a terminal sees it."""

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_lab import Lab, answer, axiom, running

import axiom as axiom_package
from axiom.lab.upkeep.invariants import PROMISES

# The cheapest of the catalogue are piloted first; the others follow as cores are free.
_FEW = 3  # experiments with results: by then work flows
_QUESTIONS = 6  # that the front page lists
CATALOGUE = Path(axiom_package.__file__).parent / "catalogue"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    data = tmp_path_factory.mktemp("acceptance") / "lab"
    with running(data) as started:
        started.wait(lambda status: sum(bool(row["results"]) for row in status["experiments"]) >= _FEW)
        yield started


def test_all_experiments_are_published_and_what_was_computed_is_proven(lab: Lab) -> None:
    known = {path.stem for path in CATALOGUE.glob("[a-z]*.py")}
    lab.wait(lambda status: {row["name"] for row in status["experiments"]} == known)
    status = lab.status()
    for row in status["experiments"]:
        assert set(row["results"]) <= {"ok"}
        assert not row["tasks"].get("failed")
        assert not row["tasks"].get("invalid")


def test_a_finding_forms_with_an_interval(lab: Lab) -> None:
    lab.wait(lambda _status: any(_interval(one) for one in _findings(lab)))
    found = next(one for one in _findings(lab) if _interval(one))
    evidence = found["evidence"]
    assert evidence["interval"][0] <= evidence["estimate"] <= evidence["interval"][1]
    listed = answer("finding", "list", data=lab.data)["findings"]
    assert {frozenset(one) for one in listed} == {frozenset(found)}, "command line and page say the same things"
    assert evidence["seeds"] % 8 == 0
    assert found["grade"] in {"Awaiting", "Moderate"}, "one host alone cannot carry more"


def test_sessions_are_held_by_themselves_and_leave_their_log(lab: Lab) -> None:
    held = answer("session", "list", data=lab.data)["sessions"]
    assert held
    assert all(one["pi"] == "autopilot" for one in held)
    # Whichever came first may have been before the catalogue was published.
    logs = [axiom("session", "show", one["name"], data=lab.data).stdout for one in held[-3:]]
    assert any("the pilot of" in log for log in logs)


def test_a_plan_explains_itself_and_a_dry_session_changes_nothing(lab: Lab) -> None:
    plan = answer("session", "plan", data=lab.data)
    assert set(plan) >= {"allotments", "skipped", "idle_cores"}
    assert any(one["name"] == "test_deploy" for one in plan["skipped"])
    for _ in range(30):
        dry = axiom("session", "run", "--dry-run", data=lab.data)
        if "has it in hand" not in dry.stderr:
            break
        time.sleep(2)  # the autopilot holds a session at this moment
    assert dry.returncode == 0, dry.stderr
    assert "Nothing was changed" in dry.stderr
    held = answer("session", "list", "--limit", 1000, data=lab.data)["sessions"]
    assert {one["pi"] for one in held} == {"autopilot"}, "the dry one would have been a person's"


def test_the_front_page_is_readable_and_loads_nothing_from_elsewhere(lab: Lab) -> None:
    page = lab.page("")
    questions = {row["question"] for row in answer("experiment", "list", data=lab.data)["experiments"]}
    in_list = html.unescape(page.partition(">Open questions<")[2].partition("</ul>")[0])
    listed = [question for question in questions if f">{question}<" in in_list]
    assert len(listed) == _QUESTIONS, "which of them have something to compute changes while it works"
    assert re.search(r'<a href="/experiments">All \d+ questions</a>', page)
    assert page.count("<script") == page.count('<script src="/static/')
    assert "http://" not in page.replace(lab.address, "")
    assert "https://" not in page


def test_every_promise_holds_while_work_flows(lab: Lab) -> None:
    findings = answer("doctor", "--invariants", data=lab.data)["doctor"]["findings"]
    assert len(findings) == len(PROMISES)
    assert all(finding["well"] for finding in findings)


def test_doctor_finds_nothing_and_names_the_server(lab: Lab) -> None:
    found = json.loads(axiom("doctor", "--json", data=lab.data).stdout)["doctor"]
    # How fast this computer's disk answers beside all other tests is no fault of the laboratory.
    assert {one["name"] for one in found["findings"] if not one["well"]} <= {"sync"}
    assert lab.address in json.dumps(found)


def test_status_comes_from_the_server_through_its_socket(lab: Lab) -> None:
    status = answer("status", data=lab.data)["status"]
    assert status["state"] == "running"
    assert status["address"] == lab.address


def test_a_command_from_another_terminal_is_done_by_the_server_and_audited(lab: Lab) -> None:
    words = ("experiment", "deploy", "test_deploy", "--key", "once")
    first = answer(*words, data=lab.data)["experiment"]
    again = answer(*words, data=lab.data)["experiment"]
    assert again == {**first, "repeated": True}
    entry = answer("audit", "show", "--limit", 1_000, data=lab.data)["audit"]
    assert [row["caller"] for row in entry if row["key"] == "once"] == ["operator"]
    assert axiom("audit", "verify", data=lab.data).returncode == 0


def test_a_dry_run_changes_nothing(lab: Lab) -> None:
    before = answer("workunit", "list", "--limit", 10_000, data=lab.data)["workunits"]
    made = answer("experiment", "deploy", "test_deploy", "--workunits", 500, "--dry-run", data=lab.data)["experiment"]
    assert made["workunits"] == 500
    after = answer("workunit", "list", "--limit", 10_000, data=lab.data)["workunits"]
    assert len(after) < len(before) + 500


def test_a_refused_command_says_the_same_through_the_socket(lab: Lab) -> None:
    done = axiom("experiment", "deploy", "test_deplo", data=lab.data)
    assert done.returncode == 2
    assert "Did you mean test_deploy?" in done.stderr


def test_the_result_of_a_task_can_be_computed_again_here_and_now(lab: Lab) -> None:
    tasks = answer("task", "list", "--state", "valid", "--limit", 1000, data=lab.data)["tasks"]
    shown = answer("task", "show", tasks[-1]["id"], data=lab.data)["task"]
    row = min(shown["results"], key=lambda one: one["cpu_seconds"])
    name = _name(lab, row)
    config = answer("experiment", "show", name)["experiment"]["configs"][row["config"]]
    words = [f"{factor}={level}" for factor, level in config.items()]
    cells = answer("experiment", "run", name, *words, "--seed", row["seed"])["cells"]
    assert cells[0]["measures"] == row["measures"]


def test_the_server_never_holds_jax_or_an_experiment(lab: Lab) -> None:
    """What a process has imported, it has mapped: no library of JAX may be there, nor what draws.

    SciPy may: weighing asks its special functions once a task has failed or several designs are pooled.
    """
    mapped = Path(f"/proc/{lab.process.pid}/maps").read_text()
    assert "jaxlib" not in mapped
    assert "vl_convert" not in mapped


def test_the_socket_and_the_keys_are_the_operators_alone(lab: Lab) -> None:
    assert (lab.data / "axiom.sock").stat().st_mode & 0o777 == 0o600
    for key in (lab.data / "keys").glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600


def _findings(lab: Lab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lab.page("findings.json"))["findings"]
    return found


def _interval(finding: dict[str, Any]) -> bool:
    evidence = finding["evidence"]
    return bool(evidence) and None not in evidence["interval"]


def _name(lab: Lab, row: dict[str, Any]) -> str:
    """The experiments are published in the order of their names, so their numbers follow it."""
    names = [one["name"] for one in lab.status()["experiments"]]
    return str(names[row["experiment_id"] - 1])
