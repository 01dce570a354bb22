"""Keys on a server and on a computer without a network, as a person types it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from axiom.cli.laboratory import gather_signing_request, key_status, keys
from axiom.laboratory.experiments import catalogue_files
from axiom.signed.boinc_code_signing import is_code_signed, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, load_keys, make_secrets
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder, lock_folder


@pytest.fixture
def say(say_to, tmp_path, monkeypatch):
    """Types a command about the laboratory in a folder of its own; status and what was said."""
    monkeypatch.chdir(tmp_path)

    def typed(words: str, *, data: bool = True):
        status, out, err = say_to(tmp_path / "lab" if data else None, *words.split())
        return status, out if isinstance(out, dict) else out + err

    return typed


@pytest.fixture
def few(monkeypatch):
    """Axiom brings three experiments along: to seal all of them takes seconds and says nothing else."""
    everything = catalogue_files.list_files
    names = {"lazy_vs_feature_learning", "rank_dynamics", "test_deploy"}
    for room in (key_status, gather_signing_request):
        monkeypatch.setattr(
            room, "list_files", lambda laboratory: [file for file in everything(laboratory) if file.stem in names]
        )


@pytest.fixture
def elsewhere(say, tmp_path):
    """A laboratory whose root, bundle and code-signing keys never were on its server."""
    assert say("keys make stick", data=False)[0] == 0
    assert say("keys request first.json --public stick/public.json")[0] == 0
    assert signed(say, "first.json", "stick")
    assert say("keys accept first.json")[0] == 0
    assert say("init lab --port 0", data=False)[0] == 0
    return Folder(path=tmp_path / "lab")


def signed(say, file: str, *places: str) -> bool:
    keys = " ".join(f"--keys {place}" for place in places)
    status, text = say(f"keys sign {file} {keys} --yes", data=False)
    assert status == 0, text
    return "Complete." in text


@pytest.mark.usefixtures("few")
def test_what_is_published_without_bundle_keys_waits_for_a_seal_and_goes_on_with_it(elsewhere, say):
    publish, deploy = (f"experiment {verb} lazy_vs_feature_learning" for verb in ("publish", "deploy"))
    assert say(publish)[0] == 0
    assert say(deploy)[0] != 0
    assert say("experiment run lazy_vs_feature_learning --replicates 1 --quiet")[0] == 4
    assert "lazy_vs_feature_learning" in {row["what"] for row in say("keys status --json")[1]["keys"]["waiting"]}
    assert say("keys request second.json")[0] == 0
    assert signed(say, "second.json", "stick")
    status, text = say("keys accept second.json")
    assert status == 0, text
    assert "lazy_vs_feature_learning@2" in text, text
    assert [say(words)[0] for words in (publish, deploy)] == [0, 0]
    assert say("keys status --json")[1]["keys"]["waiting"] == []
    assert not list(elsewhere.unsealed.iterdir())


@pytest.mark.usefixtures("few", "elsewhere")
def test_who_signs_is_shown_what_is_signed_and_what_is_no_request_is_refused(say, tmp_path):
    say("experiment publish lazy_vs_feature_learning")
    say("keys request r.json")
    assert "At what width" in say("keys sign r.json --keys stick --yes", data=False)[1]
    request = json.loads((tmp_path / "r.json").read_text())
    body = json.loads(request["seals"][0]["seal"])
    body["size"] += 1
    request["seals"][0]["seal"] = json.dumps(body, sort_keys=True, separators=(",", ":"))
    (tmp_path / "r.json").write_text(json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    assert say("keys sign r.json --keys stick --yes", data=False)[0] != 0
    (tmp_path / "empty").mkdir(mode=0o700)
    say("keys request again.json")
    (tmp_path / "none").write_text("{}")
    for words, has_data, status in (
        *(("keys sign none --keys stick --yes", False, 5), ("keys accept none", True, 5)),
        *(("keys accept none.json", True, 2), ("keys sign again.json --keys empty --yes", False, 5)),
        *((f"keys make {place}", False, 5) for place in ("stick", "none", "none/keys")),
        *((f"keys request {place}", True, 2) for place in ("stick", "none/r.json")),
        ("keys rotate ticket --public stick/public.json", True, 2),
    ):
        assert say(words, data=has_data)[0] == status, words


def entries(say, command: str) -> list[dict]:
    return [row for row in reversed(say("audit show --limit 200 --json")[1]["audit"]) if row["command"] == command]


def test_keys_that_are_here_are_replaced_at_once_and_each_change_is_in_the_audit(lab, say, tmp_path):
    assert say("keys request r.json")[0] == 0
    assert not (tmp_path / "r.json").exists()  # there is nothing to ask for
    assert {row["where"] for row in say("keys status --json")[1]["keys"]["keys"]} == {"here"}
    assert say("keys show --json")[1]["keys"]["version"] == 1
    before = {path.name: path.read_bytes() for path in lab.keys.iterdir()}
    say("keys make stick", data=False)
    assert say("keys rotate ticket --public stick/public.json")[0] == 2
    with lock_folder(lab, "a laboratory that works"):
        assert say("keys rotate ticket")[0] == 5
    (entry,) = entries(say, "keys.rotate")  # the other was not tried
    assert entry["outcome"] == "refused"
    assert before.items() <= {path.name: path.read_bytes() for path in lab.keys.iterdir()}.items()
    say("experiment publish lazy_vs_feature_learning")
    secrets = make_secrets(lab.keys)
    for number, role in enumerate(("root", "bundle", "ticket", "upload", "code")):
        before = load_keys(lab.keys, EXPIRY_NOT_ASKED).trust
        status, text = say(f"keys rotate {role}")
        assert (status, "lazy_vs_feature_learning@2" in text) == (0, role == "bundle"), role
        trust = load_keys(lab.keys, EXPIRY_NOT_ASKED).trust
        if role in ("root", "bundle", "ticket"):
            assert trust.version == before.version + 1
            assert trust.roles[Role(role)] != before.roles[Role(role)]
        entry = entries(say, "keys.rotate")[1 + number]
        answer = json.loads(entry["answer"])
        assert (json.loads(entry["arguments"])["role"], entry["outcome"]) == (role, "done"), role
        assert (answer["done"], answer["version"], answer["trust"]) == (True, trust.version, trust.link), role
    assert say("experiment deploy lazy_vs_feature_learning")[0] == 0
    assert say("audit verify")[0] == 0
    status, examined = say("doctor --invariants --json")
    assert (status, examined["doctor"]["well"]) == (0, True)
    after = make_secrets(lab.keys)
    assert after.upload != secrets.upload
    assert after.accounts == secrets.accounts
    public, signature = after.code.key_for(secrets.code.public_text)
    assert public == after.code.public_text
    assert is_code_signed(public.strip().encode(), signature, secrets.code.public_text)


@pytest.mark.usefixtures("few")
def test_the_days_until_the_trust_file_runs_out_are_counted(lab, say, monkeypatch):
    expires = load_keys(lab.keys, EXPIRY_NOT_ASKED).trust.expires
    for ahead, days in ((30.5, 30), (0.5, 0), (-0.5, -1)):
        monkeypatch.setattr(keys, "wall_clock", lambda ahead=ahead: expires - timedelta(days=ahead))
        assert say("keys status --json")[1]["keys"]["days_left"] == days


@pytest.mark.usefixtures("few")
def test_keys_that_were_here_are_taken_elsewhere(lab, say, tmp_path):
    say("experiment publish lazy_vs_feature_learning")
    say("keys make stick", data=False)
    for role in ("root", "bundle", "code"):
        assert say(f"keys rotate {role} --public stick/public.json")[0] == 0
    say("keys request r.json")
    assert not signed(say, "r.json", "stick")
    assert say("keys accept r.json")[0] == 4
    assert signed(say, "r.json", "lab/keys")
    status, text = say("keys accept r.json")
    assert status == 0, text
    assert "lazy_vs_feature_learning@2: renewed" in text
    keys_now = load_keys(lab.keys, datetime.now(UTC))
    assert keys_now.roots == ()
    assert keys_now.sealers == ()
    assert load_code(lab.keys).key is None
    assert say("keys accept r.json")[0] == 0  # once more changes nothing
    (entry,) = entries(say, "keys.accept")
    assert json.loads(entry["arguments"]) == {"request": hashlib.sha256((tmp_path / "r.json").read_bytes()).hexdigest()}
    assert json.loads(entry["answer"])["trust"] == keys_now.trust.link


@pytest.mark.usefixtures("few")
def test_a_program_that_is_not_here_to_be_looked_at_is_not_signed(elsewhere, say, tmp_path):
    body = b"a program"
    row = {"name": "axiom_runner_1", "sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
    row["md5"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
    elsewhere.runners.mkdir(exist_ok=True)
    (elsewhere.runners / "unsigned.json").write_text(json.dumps([row]))
    say("keys request r.json")
    status, text = say("keys sign r.json --keys stick --yes", data=False)
    assert status == 0
    assert "NOT HERE" in text
    assert "Not complete" in text
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "axiom_runner_1").write_bytes(body[::-1])
    assert "NOT HERE" in say("keys sign r.json --keys stick --programs built --yes", data=False)[1]
    (tmp_path / "built" / "axiom_runner_1").write_bytes(body)
    assert "Complete." in say("keys sign r.json --keys stick --programs built --yes", data=False)[1]
    assert say("keys accept r.json")[0] == 0
    (entry,) = entries(say, "runner.sign")
    assert row["md5"] in json.loads(entry["arguments"])["signatures"]
    code = load_code(elsewhere.keys)
    assert is_code_signed(body, code.sign_file(body), code.public_text)
