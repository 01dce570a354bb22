"""An experiment that a model invents: refused at three gates, mended, approved in a browser, computed, scored and told.

Nothing here is played but the model: the laboratory, the scientist, the sandbox, the workers and the browser are real.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pyotp
import pytest
from account_site import PASSWORD
from browser import visit
from changed_database import wait_for_change
from defects import DEFECTS, SOUND
from model_line import SECRET, Line
from patience import PATIENCE
from playwright.sync_api import Browser, Page, expect
from programs_lab import programs_lab
from real_parts import need
from running_lab import AXIOM, answer
from scientist_lab import Talks

from axiom.service.sockets import listen_on_port

EMAIL = "ada@mail.example"
PROPOSED = {
    "estimand": "many_minus_few",
    "motivation": "Nobody has asked it here.",
    "rival": "A reader of few inputs sees all there is.",
    "rival_low": -0.02,
    "rival_high": 0.02,
    "if_positive": "Inputs help.",
    "if_absent": "They do not matter.",
    "if_negative": "They hurt.",
}

pytestmark = need("chromium", "bwrap")


@pytest.fixture
def there(tmp_path):
    with listen_on_port("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
    url, more = f"http://127.0.0.1:{port}/", "plan_priority = 'sound'\n"
    with programs_lab(tmp_path / "lab", port=port, url=url, more=more) as started:
        yield started


def defective(gate: str, name: str) -> str:
    """The sound file with this fault."""
    (defect,) = [defect for defect in DEFECTS if (defect.gate, defect.name) == (gate, name)]
    text = SOUND.read_text()
    for old, new in defect.changes:
        text = text.replace(old, new)
    return text


def tried(text: str, ends: list[Any]) -> Generator[Any, Any, dict[str, Any]]:
    """Write a text, have it tried, wait for that and ask why it failed; the draft, or its refusals."""
    (written,) = yield [("draft_write", {"experiment": "sound", "text": text})]
    if written["refusals"]:
        ends.append(written["refusals"][0]["gate"])
        return written
    (job,) = yield [("draft_preflight", {"draft": written["draft"]})]
    while True:
        (shown,) = yield [("job_show", {"job": job["job"], "wait": 20})]
        if shown["state"] == "passed":
            ends.append("passed")
            return written
        if shown["state"] == "failed":
            assert "failed" not in {gate["state"] for gate in shown["gates"]}  # at which is told to who asks alone
            (told,) = yield [("draft_smoke", {"draft": written["draft"]})]
            ends.append(told["gate"])
            return written


def talk(ends: list[Any], slips: Mapping[str, str]) -> Generator[Any, Any, None]:
    """What the model does in its only session: it writes each of these faults before the sound file."""
    yield from tried(f"import os\n{SOUND.read_text()}", ends)
    for gate, name in slips.items():
        yield from tried(defective(gate, name), ends)
    draft = yield from tried(SOUND.read_text(), ends)
    words = {**PROPOSED, "draft": draft["draft"]}
    yield [("draft_propose", words)]
    (made,) = yield [("draft_propose", {**words, "dry_run": False, "key": "once"})]
    ends.append(made["proposal"])


@contextlib.contextmanager
def scientist(data: Path, protocol: str, talk: Generator[Any, Any, None]):
    """`axiom pi --pi scientist` with a model that speaks this protocol."""
    with contextlib.ExitStack() as stack:
        line = Line(protocol, stack)
        line.service.play = talks = Talks(line, [talk])
        environment = {
            **os.environ,
            "AXIOM_MODEL_ADDRESS": line.service.address + ("" if protocol == "messages" else "/v1"),
            "AXIOM_MODEL_PROTOCOL": protocol,
            "AXIOM_MODEL_NAME": f"of-{protocol}",
            "AXIOM_MODEL_KEY": SECRET,
        }
        process = subprocess.Popen([AXIOM, "pi", "--pi", "scientist", "--data", str(data)], env=environment)
        try:
            yield talks
        finally:
            process.terminate()
            assert process.wait(timeout=PATIENCE) == 0
            assert talks.faults == []


def operator(page: Page, there: Any) -> None:
    """An account is made at the site, gets an operator's role at the terminal, and acts as operator."""
    page.goto(f"{there.site}/join")
    page.get_by_role("link", name="make it here").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    given = answer("volunteer", "operator", "ada", "--account", EMAIL, data=there.lab.data)["operator"]
    page.goto(f"{there.site}/operator/sign-in")
    page.get_by_label("Code").fill(pyotp.TOTP(given["secret"]).now())
    page.get_by_role("button", name="Act as operator").click()
    assert page.url == f"{there.site}/operator"


def approve(page: Page, there: Any, number: int) -> None:
    """The person reads what is proposed, the file and what its rival says, and approves it."""
    page.goto(f"{there.site}/proposals/{number}")
    expect(page.locator("main")).to_contain_text(PROPOSED["rival"])
    page.get_by_label("Why it should be asked").fill("I have read the file")
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("button", name=f"Approve proposal {number}").click()
    expect(page.get_by_role("status")).to_contain_text("Done, in your name")


def scored(there: Any) -> dict[str, Any]:
    """Its finding, once what was predicted of it is scored. Asked of the site, since each command is a new process."""
    listed = json.loads(there.lab.page("findings.json"))["findings"]
    numbers = [row["number"] for row in listed if row["experiment"] == "sound" and row["evidence"]]
    if not numbers:
        return {}
    predicted = json.loads(there.lab.page(f"findings/{numbers[0]}.json"))["finding"]["predictions"]
    by = {row["forecaster"] for row in predicted if row["score"]}
    if not by >= {"program:scientist, informed", "autopilot, informed"}:  # what was mended was tried before
        return {}
    shown: dict[str, Any] = answer("finding", "show", numbers[0], data=there.lab.data)["finding"]
    return shown


# How a fault is found and told has nothing to do with how the model is spoken to, so one protocol hears of them all.
@pytest.mark.parametrize(
    ("protocol", "slips"),
    [
        ("messages", {"G4": "low_bits_of_the_seed", "G7": "class_among_the_inputs"}),
        ("chat", {"G4": "low_bits_of_the_seed"}),
    ],
    ids=["messages", "chat"],
)
def test_an_invented_experiment_from_its_first_refusal_to_its_score(there, browser: Browser, protocol, slips):
    data, ends = there.lab.data, []
    with scientist(data, protocol, talk(ends, slips)):
        wait_for_change(data, lambda: len(ends) == 3 + len(slips), lambda: str(ends))
        *gates, number = ends
        assert gates == ["G1", *slips, "passed"]
        assert "sound" not in {one["name"] for one in answer("experiment", "list", data=data)["experiments"]}
        with visit(browser, java_script_enabled=False) as page:
            operator(page, there)
            approve(page, there, number)
        found = wait_for_change(data, lambda: scored(there), lambda: "no score")
        there.lab.wait(
            lambda _: f"/findings/{found['number']}" in there.lab.page(f"sessions/{found['evidence']['session']}")
        )
    assert found["verdict"] == "effect +"
    assert found["reads"] == "as claimed"
    assert found["author"] == "program:scientist"
    assert found["evidence"]["missing"] == 0
    brier = {one["forecaster"]: one["score"]["brier"] for one in found["predictions"] if one["score"]}
    assert brier["program:scientist, informed"] < brier["autopilot, informed"]
