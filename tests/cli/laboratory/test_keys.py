"""Keys on a server and on a computer without a network, as a person types it."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from axiom.__main__ import _main
from axiom.commands.context import Laboratory
from axiom.signed.boinc_code_signing import is_code_signed, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, load_keys, make_keys, make_secrets
from axiom.signed.signing_requests import SigningRequest, write_request
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder, lock


@pytest.fixture
def say(capsys, tmp_path, monkeypatch):
    """Types a command about the laboratory in a folder of its own; status and what was said."""
    monkeypatch.chdir(tmp_path)

    def typed(words: str, *, data: bool = True):
        where = ["--data", str(tmp_path / "lab")] if data else []
        status = _main([*words.split(), *where])
        out, err = capsys.readouterr()
        return status, json.loads(out) if "--json" in words else out + err

    return typed


@pytest.fixture
def folder(tmp_path):
    return Folder(path=tmp_path / "lab")


@pytest.fixture
def few(monkeypatch):
    """Axiom brings three experiments along: to seal all of them takes seconds and says nothing else."""
    everything = Laboratory.experiment_files
    names = {"lazy_vs_feature_learning", "rank_dynamics", "test_deploy"}
    monkeypatch.setattr(
        Laboratory, "experiment_files", lambda self: [file for file in everything(self) if file.stem in names]
    )


@pytest.fixture
def here(say, folder):
    """A laboratory that has all its keys."""
    assert say("init lab --port 0", data=False)[0] == 0
    return folder


@pytest.fixture
def elsewhere(say, folder):
    """A laboratory whose root, bundle and code-signing keys never were on its server."""
    assert say("keys make stick", data=False)[0] == 0
    assert say("keys request first.json --public stick/public.json")[0] == 0
    assert signed(say, "first.json", "stick")
    assert say("keys accept first.json")[0] == 0
    assert say("init lab --port 0", data=False)[0] == 0
    return folder


def signed(say, file: str, *places: str) -> bool:
    keys = " ".join(f"--keys {place}" for place in places)
    status, said = say(f"keys sign {file} {keys} --yes", data=False)
    assert status == 0, said
    return "Complete." in said


def sealed(say, file: str) -> str:
    assert say(f"keys request {file}")[0] == 0
    assert signed(say, file, "stick")
    status, said = say(f"keys accept {file}")
    assert status == 0, said
    return said


@pytest.mark.usefixtures("here")
def test_a_laboratory_with_all_its_keys_has_nothing_to_ask_for(say):
    status, said = say("keys request r.json")
    assert (status, said) == (0, "There is nothing that has to be signed elsewhere. Nothing was written.\n")
    found = say("keys status --json")[1]["keys"]
    assert {row["where"] for row in found["keys"]} == {"here"}
    assert "it was never sealed" in {one["why"] for one in found["waiting"]}
    assert say("keys show --json")[1]["keys"]["version"] == 1


def test_what_is_published_without_bundle_keys_waits_for_a_seal_and_goes_on_with_it(elsewhere, say):
    publish = "experiment publish lazy_vs_feature_learning"
    assert "waits for a seal" in say(publish)[1]
    assert say("experiment deploy lazy_vs_feature_learning")[0] != 0
    status, said = say("experiment run lazy_vs_feature_learning --replicates 1 --quiet")
    assert (status, "waits for a seal" in said, "axiom keys request" in said) == (4, True, True)
    waiting = {one["what"]: one["why"] for one in say("keys status --json")[1]["keys"]["waiting"]}
    assert waiting["lazy_vs_feature_learning"] == "it was never sealed"
    assert "lazy_vs_feature_learning@2: new experiment" in sealed(say, "second.json")
    assert "unchanged" in say(publish)[1]
    assert say("experiment deploy lazy_vs_feature_learning")[0] == 0
    assert say("keys status --json")[1]["keys"]["waiting"] == []
    assert not list(elsewhere.unsealed.iterdir())


@pytest.mark.usefixtures("few", "elsewhere")
def test_who_signs_is_shown_what_is_signed(say, tmp_path):
    say("experiment publish lazy_vs_feature_learning")
    say("keys request r.json")
    words = say("keys sign r.json --keys stick --yes", data=False)[1]
    assert "At what width does a network stop learning features?" in words
    assert "are those of this installation of Axiom" in words
    request = json.loads((tmp_path / "r.json").read_text())
    body = json.loads(request["seals"][0]["seal"])
    body["size"] += 1
    request["seals"][0]["seal"] = json.dumps(body, sort_keys=True, separators=(",", ":"))
    (tmp_path / "r.json").write_text(json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    status, said = say("keys sign r.json --keys stick --yes", data=False)
    assert status != 0
    assert "were sealed" in said


@pytest.mark.parametrize("role", ["root", "bundle", "ticket"])
def test_a_key_that_is_here_is_replaced_at_once(role, here, say):
    say("experiment publish lazy_vs_feature_learning")
    before = load_keys(here.keys, EXPIRY_NOT_ASKED)
    status, said = say(f"keys rotate {role}")
    assert (status, "others now" in said or "another now" in said) == (0, True)
    assert ("lazy_vs_feature_learning@2: renewed" in said) == (role == "bundle")
    after = load_keys(here.keys, EXPIRY_NOT_ASKED)
    assert after.trust.version == 2
    assert after.trust.roles[Role(role)] != before.trust.roles[Role(role)]
    assert say("experiment deploy lazy_vs_feature_learning")[0] == 0
    status, found = say("doctor --invariants --json")
    assert (status, found["doctor"]["well"]) == (0, True)


def entries(say, command: str) -> list[dict]:
    """What the audit has of a command, oldest first."""
    return [row for row in reversed(say("audit show --limit 200 --json")[1]["audit"]) if row["command"] == command]


@pytest.mark.parametrize("role", ["root", "bundle", "ticket", "upload", "code"])
def test_each_change_of_keys_is_in_the_audit_with_whom_hosts_trust_then(role, here, say):
    assert say(f"keys rotate {role}")[0] == 0
    (entry,) = entries(say, "keys.rotate")
    said, trust = json.loads(entry["arguments"]), load_keys(here.keys, EXPIRY_NOT_ASKED).trust
    assert (said["role"], entry["outcome"]) == (role, "done")
    answer = json.loads(entry["answer"])
    assert (answer["done"], answer["version"], answer["trust"]) == (True, trust.version, trust.link)
    assert say("audit verify")[0] == 0


def test_a_change_of_keys_that_is_refused_is_in_the_audit_and_one_of_a_working_laboratory_is_not_tried(here, say):
    before = {path.name: path.read_bytes() for path in here.keys.iterdir()}
    assert say("keys rotate root --drop zz")[0] == 2
    (entry,) = entries(say, "keys.rotate")
    assert (entry["outcome"], "begins the id of 0 root keys" in entry["answer"]) == ("refused", True)
    with lock(here, "a laboratory that works"):
        status, said = say("keys rotate ticket")
    assert (status, "is held by process" in said) == (5, True)
    assert len(entries(say, "keys.rotate")) == 1
    assert before.items() <= {path.name: path.read_bytes() for path in here.keys.iterdir()}.items()


def test_upload_and_code_signing_key_are_replaced_at_once(here, say):
    say("experiment publish lazy_vs_feature_learning")
    before = make_secrets(here.keys)
    assert "refused, and computed again" in say("keys rotate upload")[1]
    assert "told at its next call" in say("keys rotate code")[1]
    after = make_secrets(here.keys)
    assert after.upload != before.upload
    assert after.accounts == before.accounts
    public, signature = after.code.told(before.code.public_text)
    assert public == after.code.public_text
    assert is_code_signed(public.strip().encode(), signature, before.code.public_text)


@pytest.mark.usefixtures("few")
def test_keys_that_were_here_are_taken_elsewhere(here, say, tmp_path):
    say("experiment publish lazy_vs_feature_learning")
    say("keys make stick", data=False)
    for role in ("root", "bundle", "code"):
        assert say(f"keys rotate {role} --public stick/public.json")[0] == 0
    say("keys request r.json")
    assert not signed(say, "r.json", "stick")
    assert say("keys accept r.json")[0] == 4
    assert signed(say, "r.json", "lab/keys")
    status, said = say("keys accept r.json")
    assert status == 0, said
    assert "lazy_vs_feature_learning@2: renewed" in said
    held = load_keys(here.keys, datetime.now(UTC))
    assert (held.roots, held.sealers, load_code(here.keys).key) == ((), (), None)
    assert say("keys accept r.json")[0] == 0  # once more changes nothing
    (entry,) = entries(say, "keys.accept")
    assert json.loads(entry["arguments"]) == {"request": hashlib.sha256((tmp_path / "r.json").read_bytes()).hexdigest()}
    assert json.loads(entry["answer"])["trust"] == held.trust.link


@pytest.mark.usefixtures("few")
def test_one_root_key_of_three_is_replaced(elsewhere, say, tmp_path):
    trust = load_keys(elsewhere.keys, EXPIRY_NOT_ASKED).trust
    (tmp_path / "stick" / "root-3.key").rename(tmp_path / "lost.key")
    lost = json.loads((tmp_path / "lost.key").read_text())["public"]
    name = hashlib.sha256(bytes.fromhex(lost)).hexdigest()
    say("keys make fresh --root-keys 1 --root-threshold 1", data=False)
    assert say(f"keys rotate root --public fresh/public.json --keep --drop {name[:10]}")[0] == 0
    say("keys request r.json")
    assert f"WITHDRAWN {name[:12]}" in say("keys sign r.json --keys stick --yes", data=False)[1]
    assert say("keys accept r.json")[0] == 0
    root = load_keys(elsewhere.keys, EXPIRY_NOT_ASKED).trust.roles[Role.ROOT]
    assert (root.threshold, len(root.keys), name in root.keys) == (2, 3, False)
    assert len(root.keys.keys() & trust.roles[Role.ROOT].keys.keys()) == 2
    assert say("keys rotate root --drop zz")[0] == 2


@pytest.mark.usefixtures("few")
def test_a_program_that_is_not_here_to_be_looked_at_is_not_signed(elsewhere, say, tmp_path):
    body = b"a program"
    row = {
        "name": "axiom_runner_1",
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(body).hexdigest(),
        "size": len(body),
    }
    elsewhere.runners.mkdir(exist_ok=True)
    (elsewhere.runners / "unsigned.json").write_text(json.dumps([row]))
    say("keys request r.json")
    status, said = say("keys sign r.json --keys stick --yes", data=False)
    assert (status, "NOT HERE" in said, "Not complete" in said) == (0, True, True)
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


@pytest.mark.usefixtures("few", "elsewhere")
def test_files_that_are_no_requests_and_folders_without_keys_are_refused(say, tmp_path):
    (tmp_path / "r.json").write_text("{}")
    assert say("keys sign r.json --keys stick --yes", data=False)[0] == 5
    assert say("keys accept r.json")[0] == 5
    assert say("keys accept none.json")[0] == 2
    (tmp_path / "empty").mkdir(mode=0o700)
    say("keys request r.json")
    assert say("keys sign r.json --keys empty --yes", data=False)[0] == 5
    assert say("keys make stick", data=False)[0] == 5
    assert say("keys make other --root-keys 1", data=False)[0] == 2
    assert say("keys rotate ticket --public stick/public.json")[0] == 2


def test_a_stranger_s_trust_file_is_shown_and_not_signed(elsewhere, say, tmp_path):
    trust = load_keys(elsewhere.keys, EXPIRY_NOT_ASKED).trust
    strangers = Folder(path=tmp_path / "strangers")
    make_keys(strangers.keys, datetime.now(UTC))
    for file, keys in (("ours.json", elsewhere.keys), ("theirs.json", strangers.keys)):
        request = SigningRequest(before=(keys / "trust.json").read_bytes(), code=load_code(elsewhere.keys).public_text)
        (tmp_path / file).write_bytes(write_request(request))
    status, said = say("keys sign ours.json --keys stick --yes", data=False)
    assert (status, f"Trust file in force, for BOINC's own check: laboratory {trust.lab}" in said) == (0, True)
    before = (tmp_path / "theirs.json").read_bytes()
    status, said = say("keys sign theirs.json --keys stick --yes", data=False)
    theirs = load_keys(strangers.keys, EXPIRY_NOT_ASKED).trust
    assert (status, f"laboratory {theirs.lab}" in said, "it may be a stranger's" in said) == (5, True, True)
    assert (tmp_path / "theirs.json").read_bytes() == before
    assert say(f"keys sign theirs.json --keys stick --lab {theirs.lab} --yes", data=False)[0] == 0
