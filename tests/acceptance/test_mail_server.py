"""A real SMTP server: mail survives a kill in the middle, is tried by hand, and its password is seen nowhere."""

import json
import threading
import urllib.parse
from pathlib import Path

import pytest
from changed_database import wait_for_change
from mail_servers import MAIL_PASSWORD, USER, Mailbox, WebBox, make_certificate, smtp, web
from patience import PATIENCE
from running_lab import Lab, answer, axiom, running, typed

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
    assert typed("init", folder, "--name", "Small & Sons", "--url", "https://lab.example/").returncode == 0
    return folder


def settle(data: Path, port: int, **more: str) -> None:
    """Have mail sent through the server on this port."""
    settings = {"mail_server": "127.0.0.1", "mail_user": USER, "mail_from": "axiom@lab.example"} | more
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    with (data / "axiom.toml").open("a") as file:
        file.write("\n".join([*lines, f"mail_port = {port}", ""]))


def open_account(lab: Lab) -> None:
    """As a client of BOINC does."""
    query = urllib.parse.urlencode(
        {"email_addr": ADDRESS, "passwd_hash": passwd_hash("a kettle in may", ADDRESS), "user_name": "Ann"}
    )
    assert "<authenticator>" in lab.page(f"create_account.php?{query}")


def test_a_mail_survives_that_its_sender_is_killed_in_the_middle(data, certificate):
    box, let_go = Mailbox(), threading.Event()

    def hesitate(_) -> str:
        let_go.wait(PATIENCE)
        return "250 OK"

    def sent() -> list[bool]:
        with Connections(folder=Folder(path=data)).reader() as db:
            return [row["sent_at"] is not None for row in db.select("SELECT sent_at FROM outbox ORDER BY id")]

    box.answer = hesitate
    words = ("--workers", "0", "--no-pi")
    with smtp(box, certificate, security="starttls", auth=True) as port:
        settle(data, port)
        with running(data, *words) as lab:
            open_account(lab)
            assert box.arrived.acquire(timeout=PATIENCE)  # the server has all of it, and has not answered
            lab.process.kill()
            lab.process.wait()
        let_go.set()
        with running(data, *words) as lab:
            wait_for_change(data, lambda: sent() == [True], lambda: str(box.subjects()))
            assert lab.stop() == 130
    first, second = box.came
    assert first["Message-ID"] == second["Message-ID"]
    assert second["To"] == ADDRESS
    assert len(box.taken) == 1
    assert box.signed_in == [USER]
    files = [file for file in data.rglob("*") if file.is_file()]
    assert [file for file in files if MAIL_PASSWORD.encode() in file.read_bytes()] == []
    assert ADDRESS not in (data / "logs" / "axiom.log").read_text()


def test_an_operator_tries_mail_and_alerts_by_hand_and_the_doctor_says_how_it_is(data, certificate):
    def doctor():
        findings = json.loads(typed("doctor", "--json", data=data).stdout)["doctor"]["findings"]
        return next(finding for finding in findings if finding["name"] == "mail")

    box, hook = Mailbox(), WebBox()
    with smtp(box, certificate, security="starttls", auth=True) as port, web(hook) as address:
        settle(data, port, alert_mail="operator@lab.example", alert_webhook=f"{address}/hook")
        assert answer("mail", "try", ADDRESS, data=data)["mail"] == [{"to": ADDRESS, "taken": True, "why": ""}]
        tried = answer("mail", "try", data=data)["mail"]
        assert [(way["to"], way["taken"]) for way in tried] == [("operator@lab.example", True), ("webhook", True)]
        assert doctor()["well"] is True
        box.refuse = lambda to: f"550 5.1.1 <{to}> is nobody here"
        refused = typed("mail", "try", ADDRESS, data=data)
        assert refused.returncode == 1
        assert f"<{ADDRESS}> is nobody here" in refused.stdout
    assert len(box.subjects()) == 2
    assert json.loads(hook.posted[0][2])["alert"] == "test"
    assert doctor()["well"] is False
    assert MAIL_PASSWORD not in json.dumps(answer("settings", "show", data=data))


@pytest.mark.usefixtures("certificate")
def test_settings_that_could_send_nothing_start_nothing(data, monkeypatch):
    start = ("lab", "--port", 0, "--workers", 0, "--no-pi")
    settle(data, 9)
    whole = (data / "axiom.toml").read_text()
    for old, new, name in (
        ('mail_from = "axiom@lab.example"', "", "mail_from"),
        ('mail_server = "127.0.0.1"', 'alert_mail = "ada@lab.example"', "alert_mail"),
        ("mail_port = 9", 'mail_port = 9\nmail_security = "none"', "password"),
    ):
        (data / "axiom.toml").write_text(whole.replace(old, new))
        done = axiom(*start, data=data)
        assert done.returncode == 2, done.stderr
        assert name in done.stderr, done.stderr
    (data / "axiom.toml").write_text(whole)
    monkeypatch.delenv("AXIOM_MAIL_PASSWORD")
    done = axiom(*start, data=data)
    assert done.returncode == 2
    assert "AXIOM_MAIL_PASSWORD" in done.stderr
