"""What is offered follows what is built, without a restart."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from fake_builds import LINUX, build

from axiom.domain.fleet import Platform
from axiom.lab.runners.offer import Offering, Offers
from axiom.signed.boinc_code_signing import CARRIED, CodeKey, CodeSigning, code_facts

HERE = Platform(system="linux", processor="x86_64", instructions="avx2")
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.fixture
def folder(small_lab):
    """A laboratory's folder with a trust file and a code-signing key."""
    small_lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    (small_lab.folder.keys / "trust.json").write_bytes(b"whom to trust")
    CodeKey.make().save(small_lab.folder.keys / "code.key")
    return small_lab.folder


@pytest.fixture
def offering(folder, tmp_path):
    return Offering(folder, platform=HERE, now=lambda: NOW, built=tmp_path / "built")


def versions(offering) -> dict[str, int]:
    return {name: runner.version for name, runner in offering.offered.items()}


def test_what_is_built_replaces_the_stand_in_and_nothing_is_read_again_while_no_file_changes(
    offering, tmp_path, folder
):
    (first,) = versions(offering).values()
    assert offering.offered[LINUX].is_stand_in
    offering.look()
    assert versions(offering) == {LINUX: first}
    built = build(tmp_path / "built")
    offering.look()
    assert (versions(offering), offering.offered[LINUX].is_stand_in) == ({LINUX: first + 1}, False)
    for path in folder.runner_files.iterdir():
        path.unlink()
    offering.look()
    assert list(folder.runner_files.iterdir()) == []
    (built / "built.json").touch()
    (folder.keys / "trust.json").write_bytes(b"whom to trust from now on")
    offering.look()
    assert len(list(folder.runner_files.iterdir())) == 4
    build(tmp_path / "built", plan_class="nv")
    offering.look()
    assert versions(offering) == {LINUX: first + 2, f"{LINUX}-nv": first + 3}
    assert offering.problems == ()


def test_one_build_that_is_damaged_holds_up_no_other_and_is_said(offering, tmp_path, caplog):
    damaged = build(tmp_path / "built")
    shutil.rmtree(damaged)
    damaged.mkdir()
    (damaged / "built.json").write_text("{")
    build(tmp_path / "built", plan_class="nv")
    offering.look()
    assert sorted(offering.offered) == [LINUX, f"{LINUX}-nv"]
    assert offering.offered[LINUX].plan_classes == ("",)
    (problem,) = offering.problems
    assert str(damaged) in problem
    assert caplog.text.count("offer.not") == 1
    build(tmp_path / "built")
    offering.look()
    assert (offering.problems, offering.offered[LINUX].is_stand_in) == ((), False)


def test_a_fault_of_ours_with_one_build_holds_up_no_other_and_is_looked_at_once(
    offering, tmp_path, monkeypatch, caplog
):
    build(tmp_path / "built")
    build(tmp_path / "built", plan_class="nv")
    real = Offers.built

    def built(self, place, now):
        if not place.name.endswith("nv"):
            raise KeyError("a fault")
        return real(self, place, now)

    monkeypatch.setattr(Offers, "built", built)
    for _ in range(2):
        offering.look()
    assert sorted(offering.offered) == [LINUX, f"{LINUX}-nv"]
    (problem,) = offering.problems
    assert "KeyError('a fault')" in problem
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["offer.fault"]


def test_a_file_that_cannot_be_looked_at_is_a_problem_and_no_end(offering, tmp_path, folder, caplog):
    build(tmp_path / "built")
    offering.look()
    for path in folder.runner_files.iterdir():
        path.unlink()
    CodeKey.make().save(folder.keys / "other.key")
    (folder.keys / "other.key").replace(folder.keys / "code.key")
    for path in (tmp_path / "built").iterdir():
        shutil.rmtree(path)
    (folder.keys / "code.key").unlink()
    carry(folder, CodeKey.make())
    offering.look()
    assert any("FileNotFoundError" in problem for problem in offering.problems)
    assert "offer.fault" in caplog.text


def test_what_waits_for_a_signature_is_written_down_and_offered_when_it_is_brought(tmp_path, folder):
    key = CodeKey.load(folder.keys / "code.key")
    (folder.keys / "code.key").unlink()
    carry(folder, key)
    offering = Offering(folder, platform=HERE, now=lambda: NOW, built=tmp_path / "built")
    build(tmp_path / "built")
    offering.look()
    assert dict(offering.offered) == {}
    (problem,) = offering.problems
    assert "2 more" in problem
    wanted = json.loads((folder.runners / "unsigned.json").read_text())
    assert [row["name"].split("_")[1] for row in wanted] == ["runner", "runtime", "code", "trust", "runner"]
    carry(folder, key, *(row["md5"] for row in wanted))
    offering.look()
    assert [runner.is_stand_in for runner in offering.offered.values()] == [False]
    assert (offering.problems, json.loads((folder.runners / "unsigned.json").read_text())) == ((), [])


def carry(folder, key: CodeKey, *signed: str) -> None:
    """Signatures are brought from where the key is."""
    facts = CodeSigning(
        public_text=key.public_text, key=None, changes={}, carried={md5: key.sign_digest(md5) for md5 in signed}
    )
    (folder.keys / CARRIED).write_bytes(code_facts(facts))
