"""Mail of a real laboratory: it survives a kill, is tried by hand, and its password and addresses are seen nowhere."""

import json
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from mail_servers import MAIL_PASSWORD, USER, Mailbox, WebBox, free_port, make_certificate, smtp, web
from patience import PATIENCE
from running_lab import Lab, answer, axiom, own_disk, running

from axiom.boinc.account_keys import passwd_hash
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder

ADDRESS = "canary@mail.example"


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    made = make_certificate(tmp_path / "mail.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    monkeypatch.setenv("AXIOM_MAIL_PASSWORD", MAIL_PASSWORD)
    return made


@pytest.fixture
def data(tmp_path):
    """A laboratory that was made and never started."""
    folder = tmp_path / "lab"
    assert axiom("init", folder, "--name", "Small & Sons", "--url", "https://lab.example/").returncode == 0
    return folder


def settle(data: Path, port: int, **more: str) -> None:
    """Have mail sent through the server on this port."""
    known = {"mail_server": "127.0.0.1", "mail_user": USER, "mail_from": "axiom@lab.example"} | more
    lines = [f'{name} = "{value}"' for name, value in known.items()]
    with (data / "axiom.toml").open("a") as file:
        file.write("\n".join([*lines, f"mail_port = {port}", ""]))


def open_account(lab: Lab) -> None:
    """As a client of BOINC does."""
    query = urllib.parse.urlencode(
        {"email_addr": ADDRESS, "passwd_hash": passwd_hash("a kettle in may", ADDRESS), "user_name": "Ann"}
    )
    assert "<authenticator>" in lab.page(f"create_account.php?{query}")


def wait(reached) -> None:
    until = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def test_a_mail_survives_that_its_sender_is_killed_in_the_middle(data, certificate):
    box, let_go = Mailbox(), threading.Event()

    def hesitate(_) -> str:
        let_go.wait(PATIENCE)
        return "250 OK"

    box.answer = hesitate
    words = ("--workers", "0", "--no-pi")
    with smtp(box, certificate, security="starttls", auth=True) as port:
        settle(data, port)
        with running(data, *words) as lab:
            open_account(lab)
            wait(lambda: len(box.came) == 1)  # the server has all of it, and has not answered
            lab.process.kill()
            lab.process.wait()
        let_go.set()
        with running(data, *words) as lab:
            wait(lambda: len(box.taken) == 1)
            wait(lambda: sent(data) == [True])
            lab.process.kill()
            lab.process.wait()
        with running(data, *words) as lab:
            lab.wait(lambda status: any(job["name"] == "alive" for job in status["jobs"]))
            time.sleep(5.0)  # two turns of the job
            lab.stop()
    first, second = box.came
    assert first["Message-ID"] == second["Message-ID"]
    assert (second["To"], len(box.taken), box.signed_in) == (ADDRESS, 1, [USER])
    assert hidden(data)


def sent(data: Path) -> list[bool]:
    with Connections(folder=Folder(path=data)).reader() as db:
        return [row["sent_at"] is not None for row in db.select("SELECT sent_at FROM outbox ORDER BY id")]


def hidden(data: Path) -> bool:
    """Is the password nowhere in the folder, and the address in no log?"""
    files = [file for file in data.rglob("*") if file.is_file()]
    assert any(file.name == "axiom.log" for file in files)
    assert [file for file in files if MAIL_PASSWORD.encode() in file.read_bytes()] == []
    return ADDRESS not in (data / "logs" / "axiom.log").read_text()


def test_an_operator_tries_mail_and_alerts_by_hand_and_the_doctor_says_how_it_is(data, certificate):
    box, hook = Mailbox(), WebBox()
    with smtp(box, certificate, security="starttls", auth=True) as port, web(hook) as address:
        settle(data, port, alert_mail="operator@lab.example", alert_webhook=f"{address}/hook")
        assert answer("mail", "try", ADDRESS, data=data)["mail"] == [{"to": ADDRESS, "taken": True, "why": ""}]
        tried = answer("mail", "try", data=data)["mail"]
        assert [(each["to"], each["taken"]) for each in tried] == [("operator@lab.example", True), ("webhook", True)]
        assert doctor(data)["well"] is True
        box.refuse = lambda to: f"550 5.1.1 <{to}> is nobody here"
        refused = axiom("mail", "try", ADDRESS, data=data)
        assert (refused.returncode, f"<{ADDRESS}> is nobody here" in refused.stdout) == (1, True)
    assert box.subjects() == [
        "A test mail from Small & Sons",
        "[Small & Sons] test: the operator tries whether alerts arrive",
    ]
    assert json.loads(hook.posted[0][2])["alert"] == "test"
    found = doctor(data)
    assert (found["well"], "it cannot be reached" in found["says"]) == (False, True)
    assert "axiom mail try" in found["cure"]
    assert MAIL_PASSWORD not in json.dumps(answer("settings", "show", data=data))


def doctor(data: Path):
    said = json.loads(axiom("doctor", "--json", data=data).stdout)["doctor"]["findings"]
    return next(each for each in said if each["name"] == "mail")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"mail_from": ""}, "The setting mail_from is empty"),
        ({"mail_security": "none"}, "everybody on the way could read the password"),
        ({"mail_server": "", "alert_mail": "ada@lab.example"}, "alert_mail needs a server"),
    ],
)
@pytest.mark.usefixtures("certificate")
def test_settings_that_could_send_nothing_start_nothing(data, settings, problem):
    settle(data, free_port(), **settings)
    done = axiom("lab", "--port", 0, "--workers", 0, "--no-pi", data=data)
    assert (done.returncode, problem in done.stderr) == (2, True)
    assert "Nothing was started" in done.stderr


def test_a_server_that_wants_a_password_that_is_not_there_starts_nothing(data, monkeypatch):
    monkeypatch.delenv("AXIOM_MAIL_PASSWORD", raising=False)
    settle(data, free_port())
    done = axiom("lab", "--port", 0, "--workers", 0, "--no-pi", data=data)
    assert (done.returncode, "AXIOM_MAIL_PASSWORD is not set" in done.stderr) == (2, True)


def test_an_operator_hears_of_a_disk_that_is_nearly_full(tmp_path, monkeypatch):
    hook, disk = WebBox(), tmp_path / "disk"
    with web(hook) as address:
        monkeypatch.setenv("AXIOM_ALERT_NTFY", f"{address}/topic")
        with running(disk / "lab", "--workers", "0", "--no-pi", wrapped=own_disk(disk, "size=300m")) as lab:
            wait(lambda: hook.posted)
            assert lab.stop() == 130
    path, _, body = hook.posted[0]
    assert (path, "the disk is nearly full" in body.decode()) == ("/topic", True)
