"""The settings name a model, its key stays a secret, and nobody imports an SDK before."""

import subprocess
import sys

import pytest
from model_line import HELLO, SECRET
from model_service import chat_body, messages_body, model_service, played
from patience import PATIENCE

from axiom.errors import KeysUnusable, WrongUse
from axiom.models.choose_model import open_model, read_model_prices
from axiom.models.key import VARIABLE, ModelKey, read_key
from axiom.rules.language_models import ModelPrices
from axiom.settings import Settings, read_settings

HERE = "http://127.0.0.1:9"


def test_a_key_is_read_from_the_environment_or_a_file_of_its_owner(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    assert read_key({}, str(file)).value == SECRET
    assert read_key({VARIABLE: "other"}, str(file)).value == "other"
    assert read_key({}, "").value == ""


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        *((SECRET.encode(), mode) for mode in (0o604, 0o640)),
        *((content, 0o600) for content in (b"", b"two\nlines", b"\xff\xfe", "schlüssel".encode(), b"with space")),
    ],
)
def test_what_others_may_read_or_is_no_key_is_refused(tmp_path, content, mode):
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(KeysUnusable) as raised:
        read_key({}, str(file))
    assert SECRET not in str(raised.value)
    with pytest.raises(KeysUnusable):
        read_key({}, str(tmp_path / "nowhere"))


def test_a_key_is_hidden_in_every_form():
    key = ModelKey('sk-"/+')
    assert "sk-" not in key.hide('sk-"/+ sk-\\"/+ sk-%22%2F%2B')
    assert "sk-" not in f"{key!r} {key}"


@pytest.mark.parametrize("protocol", ["messages", "chat"])
def test_the_settings_name_a_model_and_a_key_for_another_service_is_not_taken(monkeypatch, protocol):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID"):
        monkeypatch.setenv(name, "another-secret")
    body = messages_body if protocol == "messages" else chat_body
    with model_service(lambda _: played(body())) as service:
        address = service.address + ("/v1" if protocol == "chat" else "")
        settings = Settings(model_address=address, model_name="of-a-test", model_protocol=protocol)
        for environment in ({}, {VARIABLE: SECRET}):
            model, key = open_model(settings, environment)
            assert model.say(HELLO, [], 10).text == "hello"
    assert key.value == SECRET
    assert len(service.requests) == 2
    assert "another-secret" not in str(service.requests)
    headers, sent = service.requests[1]
    assert sent["model"] == "of-a-test"
    assert SECRET in str(headers)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(), WrongUse),
        (Settings(model_address=HERE), WrongUse),
        (Settings(model_name="of-a-test"), WrongUse),
        (Settings(model_address="http://model.example/v1", model_name="of-a-test"), KeysUnusable),
    ],
)
def test_what_is_not_said_or_not_safe_is_refused(settings, error):
    with pytest.raises(error):
        open_model(settings, {VARIABLE: SECRET})


def test_prices_are_said_or_unknown_and_the_key_is_no_setting(tmp_path):
    assert read_model_prices(Settings()) is None
    prices = {"AXIOM_MODEL_PRICES": "input=3,output=15,cached=0.3", VARIABLE: SECRET}
    settings, listed = read_settings(tmp_path / "none", prices, {})
    assert read_model_prices(settings) == ModelPrices(input=3.0, output=15.0, cached=0.3)
    assert SECRET not in str(listed)
    with pytest.raises(WrongUse):
        read_settings(tmp_path / "none", {"AXIOM_MODEL_PRICES": "input=-3,output=15,cached=0.3"}, {})


def test_nobody_imports_an_sdk_before_a_model_is_opened():
    code = (
        "import axiom, axiom.service.run, axiom.models.choose_model, axiom.models.metered, runpy, sys\n"
        "sys.argv = ['axiom', '--help']\n"
        "try:\n    runpy.run_module('axiom', run_name='__main__')\nfinally:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert "Usage" in done.stdout
    assert "axiom.models.metered" in done.stdout
    assert {"anthropic", "openai", "httpx2"}.isdisjoint(done.stdout.split())
