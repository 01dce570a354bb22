"""The runner for volunteers' computers is laid out once, anew when anything of it differs, and without a restart."""

import hashlib
import json
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_builds import build

from axiom.domain.fleet import Platform
from axiom.errors import CannotStart, Refused
from axiom.laboratory.runner import offer
from axiom.laboratory.runner.code_archive import pack_runner_code
from axiom.laboratory.runner.offer import OfferWatcher, RunnerOffers
from axiom.signed.boinc_code_signing import CARRIED, CodeKey, CodeSigning, code_facts, is_code_signed
from axiom.store.experiments.runner_offers import write_offer

LINUX, WINDOWS = "x86_64-pc-linux-gnu", "windows_x86_64"
HERE = Platform(system="linux", processor="x86_64", instructions="avx2")
THERE = Platform(system="windows", processor="x86_64", instructions="avx2")
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
VERSION = 3_243_725  # minutes since 2020


@pytest.fixture(scope="module")
def key():
    return CodeKey.make()


@pytest.fixture
def folder(small_lab, key):
    """A laboratory's folder with a trust file and its code-signing key."""
    small_lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    (small_lab.folder.keys / "trust.json").write_bytes(b"whom to trust")
    key.save(small_lab.folder.keys / "code.key")
    return small_lab.folder


@pytest.fixture
def offering(folder, tmp_path):
    return OfferWatcher(folder, platform=HERE, now=lambda: NOW, built=tmp_path / "built")


def laid_out(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.runner_files.iterdir()}


def test_the_files_are_there_as_they_are_described_and_signed_for_boinc(folder, key):
    odd = Platform(system="plan9", processor="vax", instructions="none")
    assert RunnerOffers(folder, key).here(odd, NOW) == {}  # which BOINC does not know
    first = RunnerOffers(folder, key).here(HERE, NOW)
    (runner,) = first.values()
    assert (runner.platform, runner.version) == (LINUX, VERSION)
    there = laid_out(folder)
    assert sorted(there) == sorted(file.name for file in runner.files)
    for file in runner.files:
        body = there[file.name]
        assert file.md5 == hashlib.md5(body, usedforsecurity=False).hexdigest()
        assert file.size == len(body)
        assert is_code_signed(body, file.signature, key.public_text)
    program, trust = runner.files
    assert (program.is_main, program.open_name) == (True, "")
    assert not trust.is_main
    assert trust.open_name == "trust.json"
    assert there[trust.name] == b"whom to trust"
    assert there[program.name].startswith(f"#!{sys.executable} -I\n".encode())
    written = folder.offer.stat().st_mtime_ns
    for platform in (HERE, odd):
        assert RunnerOffers(folder, key).here(platform, NOW) == first
    assert (laid_out(folder), folder.offer.stat().st_mtime_ns) == (there, written)
    data = json.loads(folder.offer.read_text())
    del data["runners"][LINUX]["files"][0]["md5"]
    folder.offer.write_text(json.dumps(data))
    with pytest.raises(CannotStart, match="md5"):
        RunnerOffers(folder, key).here(HERE, NOW)


def test_other_files_are_the_next_version_and_no_number_is_given_again(folder, key, monkeypatch):
    (first,) = RunnerOffers(folder, key).here(HERE, NOW).values()
    before = laid_out(folder)
    (folder.keys / "trust.json").write_bytes(b"whom to trust from now on")
    (second,) = RunnerOffers(folder, key).here(HERE, NOW).values()
    assert (first.version, second.version) == (VERSION, VERSION + 1)
    assert len({file.name for file in first.files} & {file.name for file in second.files}) == 1
    assert laid_out(folder).items() > before.items()  # the old ones stay
    monkeypatch.setattr(sys, "executable", "/opt/python")
    (third,) = RunnerOffers(folder, key).here(HERE, NOW + timedelta(seconds=9)).values()
    assert third.version == VERSION + 2
    assert RunnerOffers(folder, key).here(HERE, NOW) == {LINUX: third}
    both = RunnerOffers(folder, key).here(THERE, NOW)  # each platform has its own, and no version means two things
    assert {name: runner.version for name, runner in both.items()} == {LINUX: VERSION + 2, WINDOWS: VERSION + 3}
    assert both[LINUX] == third
    (folder.keys / "trust.json").write_bytes(b"another")
    versions_now = {name: runner.version for name, runner in RunnerOffers(folder, key).here(HERE, NOW).items()}
    assert versions_now == {LINUX: VERSION + 4, WINDOWS: VERSION + 3}
    shutil.rmtree(folder.runners)
    monkeypatch.setattr(sys, "executable", "/opt/another/python")
    (fourth,) = RunnerOffers(folder, key).here(HERE, NOW + timedelta(minutes=5)).values()
    assert fourth.version == VERSION + 5


def elsewhere(key: CodeKey, *signed: str) -> CodeSigning:
    """The key is kept elsewhere; the files with these MD5s were signed there."""
    return CodeSigning(
        public_text=key.public_text, key=None, changes={}, carried={md5: key.sign_digest(md5) for md5 in signed}
    )


def test_what_was_built_takes_the_place_of_the_stand_in(folder, key, tmp_path):
    before = RunnerOffers(folder, key).here(HERE, NOW)
    (stand_in,) = before.values()
    assert (stand_in.is_stand_in, stand_in.plan_classes) == (True, ("", "nv"))
    damaged = build(tmp_path / "damaged")
    next(damaged.glob("axiom_runtime_*")).write_bytes(b"the ruptime")
    with pytest.raises(Refused, match="axiom_runtime_"):
        RunnerOffers(folder, key).built(damaged, NOW)
    assert RunnerOffers(folder, key).here(HERE, NOW) == before
    (runner,) = RunnerOffers(folder, key).built(build(tmp_path), NOW).values()
    assert (runner.version, runner.is_stand_in) == (VERSION + 1, False)
    assert (runner.needs_avx, runner.unpacked_bytes) == (True, 420)
    assert [file.name.split("_")[1] for file in runner.files] == ["runner", "runtime", "code", "trust"]
    assert [file.is_copied for file in runner.files] == [False, False, False, True]
    for file in runner.files:
        assert is_code_signed((folder.runner_files / file.name).read_bytes(), file.signature, key.public_text)
    assert set(laid_out(folder)) > {file.name for file in stand_in.files}  # hosts that have tasks for it fetch it yet
    assert RunnerOffers(folder, key).here(HERE, NOW) == {LINUX: runner}
    assert RunnerOffers(folder, key).built(build(tmp_path), NOW + timedelta(days=1)) == {LINUX: runner}
    (second,) = RunnerOffers(folder, key).built(build(tmp_path, runtime=b"another"), NOW).values()
    assert second.version == runner.version + 1
    assert {file.name for file in runner.files} <= set(laid_out(folder))


@pytest.mark.parametrize("is_right", [True, False])
def test_signatures_that_came_with_the_files_need_no_key_here_and_are_looked_at(folder, key, tmp_path, is_right):
    built, signer = build(tmp_path), key if is_right else CodeKey.make()
    data = json.loads((built / "built.json").read_text())
    for row in data["files"]:
        row["signature"] = signer.sign_digest(row["md5"])
    (built / "built.json").write_text(json.dumps(data))
    ours = [hashlib.md5(body, usedforsecurity=False).hexdigest() for body in (b"whom to trust", pack_runner_code())]
    if is_right:
        (runner,) = RunnerOffers(folder, elsewhere(key, *ours)).built(built, NOW).values()
        for file in runner.files:
            assert is_code_signed(laid_out(folder)[file.name], file.signature, key.public_text)
        return
    for ours_or_not in (key, elsewhere(key, *ours)):
        with pytest.raises(Refused, match="axiom_runner_"):
            RunnerOffers(folder, ours_or_not).built(built, NOW)
    assert not folder.offer.exists()


def test_what_nobody_signed_yet_is_named_and_not_offered(folder, key, tmp_path):
    offers = RunnerOffers(folder, elsewhere(key))
    assert offers.built(build(tmp_path), NOW) == {}
    assert [name.split("_")[1] for name in offers.unsigned] == ["runner", "runtime", "code", "trust"]
    assert not folder.runner_files.exists()
    signed = RunnerOffers(folder, elsewhere(key, *(piece.md5 for piece in offers.unsigned.values())))
    assert (list(signed.built(build(tmp_path), NOW)), signed.unsigned) == ([LINUX], {})


def test_what_was_built_follows_trust_file_code_and_key_though_its_folder_is_gone(folder, key, tmp_path, monkeypatch):
    built = build(tmp_path)
    (first,) = RunnerOffers(folder, key).built(built, NOW).values()
    shutil.rmtree(built)
    assert RunnerOffers(folder, key).again(NOW) == {LINUX: first}
    (folder.keys / "trust.json").write_bytes(b"whom to trust from now on")
    (second,) = RunnerOffers(folder, key).again(NOW).values()
    assert second.version == first.version + 1
    assert [file.name for file in second.files[:3]] == [file.name for file in first.files[:3]]
    assert laid_out(folder)[second.files[3].name] == b"whom to trust from now on"
    write_offer(folder, {LINUX: replace(second, tickets=1)})  # as an older Axiom left it
    (renewed,) = RunnerOffers(folder, key).again(NOW).values()
    assert renewed == second
    monkeypatch.setattr(offer, "pack_runner_code", lambda: pack_runner_code() + b"a word more")
    (third,) = RunnerOffers(folder, key).again(NOW).values()
    assert third.version == second.version + 1
    (fetched,) = {file.name: file for file in third.files if file not in second.files}.values()
    assert fetched.name.startswith("axiom_code_")
    assert fetched.size < 1_000_000
    other = CodeKey.make()
    (signed,) = RunnerOffers(folder, other).again(NOW + timedelta(days=1)).values()
    assert signed.version == third.version
    for file in signed.files:
        assert is_code_signed(laid_out(folder)[file.name], file.signature, other.public_text)


def versions(offering) -> dict[str, int]:
    return {name: runner.version for name, runner in offering.offered.items()}


def test_what_is_built_replaces_the_stand_in_and_is_read_again_only_when_it_changes(offering, tmp_path, folder):
    (first,) = versions(offering).values()
    assert offering.offered[LINUX].is_stand_in
    offering.refresh()
    assert versions(offering) == {LINUX: first}
    built = build(tmp_path / "built")
    offering.refresh()
    assert (versions(offering), offering.offered[LINUX].is_stand_in) == ({LINUX: first + 1}, False)
    for path in folder.runner_files.iterdir():
        path.unlink()
    offering.refresh()
    assert list(folder.runner_files.iterdir()) == []
    (built / "built.json").touch()
    (folder.keys / "trust.json").write_bytes(b"whom to trust from now on")
    offering.refresh()
    assert len(list(folder.runner_files.iterdir())) == 4
    build(tmp_path / "built", plan_class="nv")
    offering.refresh()
    assert versions(offering) == {LINUX: first + 2, f"{LINUX}-nv": first + 3}
    assert offering.problems == ()


def test_a_damaged_build_or_a_fault_of_ours_stops_no_other_and_is_reported_once(
    offering, tmp_path, monkeypatch, caplog
):
    damaged = build(tmp_path / "built")
    (damaged / "built.json").write_text("{")
    build(tmp_path / "built", plan_class="nv")
    offering.refresh()
    assert sorted(offering.offered) == [LINUX, f"{LINUX}-nv"]
    assert offering.offered[LINUX].plan_classes == ("",)
    (problem,) = offering.problems
    assert str(damaged) in problem
    assert caplog.text.count("offer.not") == 1
    real = RunnerOffers.built

    def built(self, place, now):
        if not place.name.endswith("nv"):
            raise KeyError("a fault")
        return real(self, place, now)

    with monkeypatch.context() as faulty:
        faulty.setattr(RunnerOffers, "built", built)
        build(tmp_path / "built")
        for _ in range(2):
            offering.refresh()
    assert sorted(offering.offered) == [LINUX, f"{LINUX}-nv"]
    (problem,) = offering.problems
    assert "KeyError('a fault')" in problem
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["offer.fault"]
    (build(tmp_path / "built") / "built.json").touch()
    offering.refresh()
    assert (offering.problems, offering.offered[LINUX].is_stand_in) == ((), False)


def test_a_file_that_cannot_be_looked_at_is_a_problem_and_no_end(offering, tmp_path, folder, caplog):
    build(tmp_path / "built")
    offering.refresh()
    for path in folder.runner_files.iterdir():
        path.unlink()
    for path in (tmp_path / "built").iterdir():
        shutil.rmtree(path)
    (folder.keys / "code.key").unlink()
    carry(folder, CodeKey.make())
    offering.refresh()
    assert any("FileNotFoundError" in problem for problem in offering.problems)
    assert "offer.fault" in caplog.text


def test_what_waits_for_a_signature_is_written_down_and_offered_when_it_is_brought(tmp_path, folder, key):
    (folder.keys / "code.key").unlink()
    carry(folder, key)
    offering = OfferWatcher(folder, platform=HERE, now=lambda: NOW, built=tmp_path / "built")
    build(tmp_path / "built")
    offering.refresh()
    assert dict(offering.offered) == {}
    (problem,) = offering.problems
    assert "2 more" in problem
    wanted = json.loads((folder.runners / "unsigned.json").read_text())
    assert [row["name"].split("_")[1] for row in wanted] == ["runner", "runtime", "code", "trust", "runner"]
    carry(folder, key, *(row["md5"] for row in wanted))
    offering.refresh()
    assert [runner.is_stand_in for runner in offering.offered.values()] == [False]
    assert (offering.problems, json.loads((folder.runners / "unsigned.json").read_text())) == ((), [])


def carry(folder, key: CodeKey, *signed: str) -> None:
    """Signatures are brought from where the key is."""
    (folder.keys / CARRIED).write_bytes(code_facts(elsewhere(key, *signed)))
