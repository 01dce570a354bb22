"""Every knob: where its value comes from, and what is refused."""

import subprocess
import sys
from dataclasses import fields

import pytest

from axiom.errors import UnknownName, WrongUse
from axiom.settings import NOT_SETTINGS, Settings, read_process_settings, read_settings


@pytest.fixture
def file(tmp_path):
    return tmp_path / "axiom.toml"


@pytest.mark.parametrize(
    ("text", "environment", "flags", "port", "origin"),
    [
        ("", {}, {}, 8080, "default"),
        ("port = 1", {}, {}, 1, "axiom.toml"),
        ("port = 1", {"AXIOM_PORT": "2"}, {}, 2, "AXIOM_PORT"),
        ("port = 1", {"AXIOM_PORT": "2"}, {"port": 3}, 3, "--port"),
        ("port = 1", {"AXIOM_PORT": "2"}, {"port": 0}, 0, "--port"),
        ("port = 1", {"AXIOM_PORT": "2"}, {"port": None}, 2, "AXIOM_PORT"),
        ("", {"AXIOM_PORT": "2"}, {}, 2, "AXIOM_PORT"),
        ("", {"AXIOM_DATA": "elsewhere", "HOME": "/"}, {}, 8080, "default"),
    ],
)
def test_a_flag_goes_before_the_environment_and_that_before_the_file(file, text, environment, flags, port, origin):
    file.write_text(text)
    settings, listed = read_settings(file, environment, flags)
    (shown,) = [setting for setting in listed if setting.name == "port"]
    assert settings.port == shown.value == port
    assert shown.origin.endswith(origin)
    assert shown.about


def test_without_a_file_everything_has_its_default(file):
    settings, listed = read_settings(file, {}, {})
    assert settings == Settings()
    assert [setting.name for setting in listed] == [knob.name for knob in fields(Settings)]
    assert {setting.origin for setting in listed} == {"default"}


def test_a_flag_is_named_as_it_is_typed(file):
    _, listed = read_settings(file, {}, {"task_seconds": 2.0})
    assert "--task-seconds" in {setting.origin for setting in listed}


def test_the_variables_of_this_process_count(file, monkeypatch):
    for name in NOT_SETTINGS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("AXIOM_NAME", "Ada's")
    monkeypatch.setenv("AXIOM_PRIORITY", "normal")
    assert read_process_settings(file, workers=2)[0] == Settings(name="Ada's", workers=2, priority="normal")


@pytest.mark.parametrize(("text", "environment"), [("prot = 1", {}), ("", {"AXIOM_PROT": "1"})])
def test_an_unknown_name_is_refused_with_the_nearest(file, text, environment):
    file.write_text(text)
    with pytest.raises(UnknownName, match="port"):
        read_settings(file, environment, {})


@pytest.mark.parametrize(
    "text", ['port = "eighty"', "port = 80.5", "port = true", "task_seconds = false", "task_seconds = nan", "name = 7"]
)
def test_a_value_of_another_type_is_refused_and_says_where_it_is(file, text):
    file.write_text(text)
    with pytest.raises(WrongUse, match=str(file)):
        read_settings(file, {}, {})


OUTSIDE = {
    "port": (-1, 65_536),
    "mail_port": (0, 65_536),
    "workers": (-2, 1_025),
    "task_seconds": (0.09, 86_401),
    "queue_per_core": (0, 1_001),
    "tasks_per_core": (0, 1_001),
    "daily_per_core": (0, 1_000_001),
    "new_accounts": (-1, 100_001),
    "deadline_hours": (0.0, 8_761),
    "max_failures": (0, 101),
    "plan_floor": (-0.1, 1_000_001),
    "followup_core_hours": (-0.1, 1_000_001),
    "ticket_days": (0, 3_651),
    "archive_days": (-1.0, 36_501),
    "pilot_lease_seconds": (0.5, 86_401.0),
    "bundle_days": (-1.0, 3_651),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_number_has_a_least_and_a_most(file, name):
    knob = next(knob for knob in fields(Settings) if knob.name == name)
    for value in (knob.metadata["least"], knob.metadata["most"], knob.default):
        assert getattr(read_settings(file, {}, {name: value})[0], name) == value
    for value in OUTSIDE[name]:
        with pytest.raises(WrongUse, match=name):
            read_settings(file, {}, {name: value})


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("url", ("", "https://lab.example/", "http://127.0.0.1:8080"), ("ftp://x", "not a url", "https://")),
        (
            "aliases",
            ("", "/a_cgi/cgi=/scheduler", "/a=/b , /c/d.php = /e"),
            ("/a", "a=/b", "/a=b", "/a=/b;/c=/d", "/a=/?b"),
        ),
        ("approvals", ("", "code"), ("nothing", "Code")),
        ("mail_server", ("", "smtp.lab.example"), ("smtp.lab.example:587", "-x", "a b")),
        ("mail_security", ("none", "starttls", "tls"), ("", "ssl")),
        ("mail_from", ("", "axiom@lab.example"), ("axiom", "Ada <ada@lab.example>", "a@b@c")),
        ("alert_mail", ("", "ada@lab.example"), ("ada", "ada@lab.example\r\nBcc: eve@x.example")),
        ("alert_webhook", ("", "http://127.0.0.1:9/x?y"), ("file:///etc/passwd", "ftp://x", "http://a b")),
        ("alert_ntfy", ("", "https://ntfy.sh/topic"), ("ntfy.sh/topic", "javascript:x")),
        ("log", ("debug", "error"), ("loud", "", "INFO")),
        ("host", ("127.0.0.1",), ("",)),  # an empty one would open the site to every network
    ],
)
def test_a_text_that_means_nothing_is_refused(file, name, good, bad):
    for value in good:
        assert getattr(read_settings(file, {}, {name: value})[0], name) == value
    for value in bad:
        with pytest.raises(WrongUse, match=name):
            read_settings(file, {}, {name: value})


def test_every_number_has_a_least_and_a_most():
    assert {knob.name for knob in fields(Settings) if knob.type in (int, float)} == set(OUTSIDE)


@pytest.mark.parametrize(("text", "value"), [("task_seconds = 3", 3.0), ('task_seconds = "3.5"', 3.5)])
def test_a_whole_number_is_a_real_one(file, text, value):
    file.write_text(text)
    assert read_settings(file, {}, {})[0].task_seconds == value


def test_a_broken_file_is_refused(file):
    file.write_text("port = ")
    with pytest.raises(WrongUse):
        read_settings(file, {}, {})
    file.write_bytes(b"name = '\xff'")
    with pytest.raises(WrongUse):
        read_settings(file, {}, {})


def test_a_file_is_utf_8_in_whatever_place_it_is_read(file):
    file.write_bytes("name = 'Łódź'".encode())
    ask = "import pathlib as p, sys, axiom.settings as s; print(ascii(s.read_process_settings(p.Path(sys.argv[1]))[0].name))"
    odd = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    answered = subprocess.run([sys.executable, "-c", ask, file], env=odd, capture_output=True, text=True, check=True)
    assert answered.stdout.strip() == ascii("Łódź")


def test_a_folder_that_is_none_has_no_file(tmp_path):
    (tmp_path / "file").touch()
    assert read_settings(tmp_path / "file" / "axiom.toml", {}, {})[0] == Settings()
