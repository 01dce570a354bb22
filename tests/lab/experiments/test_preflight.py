"""Bundles are tried in the bubblewrap, gate by gate; what is wrong with one is found, said, and remembered."""

import json
import os
import tempfile
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from processes import children_of

import axiom
from axiom.decisions.experiments.gates import SAME_HIGH, SAME_LOW
from axiom.decisions.experiments.preflight import GateState
from axiom.domain.experiments import seed_of
from axiom.domain.preflights import GATES, Preflight
from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, NoSandbox, NotFound, WrongUse
from axiom.lab.experiments import preflight, preflight_run
from axiom.lab.experiments.preflight_report import read, write
from axiom.lab.experiments.preflight_run import PATIENCE
from axiom.lab.experiments.publish import publish
from axiom.lab.planning import plan
from axiom.runner.child.pause import Ended, PauseGate
from axiom.runner.confine import bubblewrap
from axiom.signed.bundles import contents
from axiom.store.accounts import accounts
from axiom.store.experiments import preflights

PACKAGE = Path(axiom.__file__).parent
_RETURN = "    return Measures("
ALIKE = (SAME_LOW, SAME_HIGH)
CLAIM = "many_minus_few"
# What is put before the return of the sound experiment, the gate that sees it, and what it says.
FAULTS = {
    "raises": (
        'raise ValueError("a secret of the host")',
        "G2",
        ", signal 0.25) raises ValueError at axiom/catalogue/sound.py:",
    ),
    "holds too much": ("held = np.ones(1_000_000_000 // 8); print(held.sum())", "G2", "The computing process held"),
    "remembers": ("SEEN.append(1); weights = weights * len(SEEN)", "G3", "gives other numbers"),
    "leaves the numbers": ("weights = weights / 0 * np.inf", "G5", "is not finite: size left the real numbers"),
}


@pytest.fixture
def altered(tmp_path, sound):
    """The sound experiment with something before its return."""

    def make(body: str) -> Path:
        file = tmp_path / "sound.py"
        source = contents(sound.archive)["axiom/catalogue/sound.py"].decode()
        mended = source.replace(_RETURN, f"    {body}\n{_RETURN}").replace("def run(", "SEEN = []\n\n\ndef run(")
        file.write_text(mended)
        return file

    return make


def test_a_sound_bundle_is_computed_in_two_processes_and_passes_every_gate(sound):
    said: list[tuple[int, int]] = []
    attempt = preflight.try_out(sound.archive, lambda done, cells: said.append((done, cells)))
    judged = preflight.Examined(attempt=attempt, manifest=sound.manifest).judged
    assert judged.passed, judged.reason
    assert [gate.state for gate in judged.gates] == [GateState.PASSED] * 9
    assert sorted(one.config for one in attempt.first) == sorted(one.config for one in attempt.again) == [0, 1, 2]
    assert [one.config for one in attempt.first] == [one.config for one in attempt.again][::-1]
    assert sorted((one.config, one.seed) for one in attempt.others) == [(n, seed) for n in range(3) for seed in ALIKE]
    assert [(run.estimand, run.is_planted) for run in attempt.controls] == [(CLAIM, False), (CLAIM, True)]
    assert all(
        len(run.tried) in (16, 32) for run in attempt.controls
    )  # two arms, at eight seeds or, by chance, sixteen
    assert {one.outcome for one in attempt.first} == {Outcome.OK}
    assert {tuple(one.measures) for one in attempt.first} == {("accuracy",)}
    cells = 12 + sum(len(run.tried) for run in attempt.controls)
    assert [done for done, _ in said] == list(range(1, cells + 1))
    assert said[-1] == (cells, cells)
    assert (attempt.fault, attempt.gates, attempt.bundle) == ("", GATES, sound.digest)


def test_a_control_that_eight_seeds_do_not_settle_is_computed_at_sixteen(tmp_path, sound):
    file = tmp_path / "sound.py"
    source = contents(sound.archive)["axiom/catalogue/sound.py"].decode()
    file.write_text(
        source.replace(
            "planted=grid(Config, inputs=[2, 64], signal=[0.5])", "planted=grid(Config, inputs=[2, 64], signal=[0.0])"
        )
    )
    trial = preflight.try_file(PACKAGE, file)
    assert trial.judged.failed == "G8"
    assert [(run.is_planted, len(run.tried)) for run in trial.attempt.controls] == [(False, 16), (True, 32)]


@pytest.mark.parametrize(("body", "gate", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_with_a_file_is_found_by_its_gate_and_ends_the_preflight(altered, body, gate, reason):
    trial = preflight.try_file(PACKAGE, altered(body))
    judged = trial.judged
    assert (judged.passed, judged.failed) == (False, gate), judged.reason
    assert reason in judged.reason
    assert "a secret of the host" not in write(trial.attempt)
    assert sum(len(part) for part in (trial.attempt.first, trial.attempt.again)) < 6  # nothing is computed for nothing


def test_what_is_refused_is_not_run_at_all(altered):
    trial = preflight.try_file(PACKAGE, altered("import os; os._exit(3)"))
    assert (trial.judged.failed, trial.manifest, trial.attempt.bundle) == ("G1", None, "")
    assert "os" in trial.attempt.refusals[0].sentence
    assert preflight.try_file(PACKAGE, altered(")")).judged.failed == "G0"


def test_one_that_never_ends_is_stopped_after_what_it_may_take(altered):
    trial = preflight.try_file(PACKAGE, altered("while True:\n        rows = rows + 1.0"), patience=1.0)
    assert trial.judged.failed == "G2"
    assert "did not end: it was stopped after 1 s of a processor" in trial.judged.reason


def test_one_that_is_wanted_no_more_ends_at_once_and_leaves_nothing_behind(altered, tmp_path, monkeypatch):
    made = preflight.prepare_boxed(PACKAGE, altered("while True:\n        rows = rows + 1.0"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    gate, had, began = PauseGate(), children_of(os.getpid()), time.monotonic()
    threading.Timer(2.0, gate.end).start()
    with pytest.raises(Ended):
        preflight.try_out(made.archive, gate=gate)
    assert time.monotonic() - began < 2.0 + PATIENCE / 2  # by itself it would compute for as many seconds
    assert list((tmp_path / "temporary").iterdir()) == []
    assert children_of(os.getpid()) <= had


def not_to_be_imported(folder, sound):
    file = folder / "sound.py"
    source = contents(sound.archive)["axiom/catalogue/sound.py"].decode()
    file.write_text(source.replace("smallest=0.05,", "smallest=0.05, measure_of='x',"))
    return file


def test_a_file_that_cannot_be_imported_fails_in_a_sentence(tmp_path, sound):
    judged = preflight.try_file(PACKAGE, not_to_be_imported(tmp_path, sound)).judged
    assert judged.failed == "G2"
    assert "axiom.catalogue.sound cannot be used: TypeError at axiom/catalogue/sound.py" in judged.reason


def test_without_a_sandbox_nothing_is_tried_and_nothing_judged(sound, monkeypatch, tmp_path, altered):
    monkeypatch.setenv("PATH", str(tmp_path))
    for tried in (lambda: preflight.try_out(sound.archive), lambda: preflight.try_file(PACKAGE, altered("pass"))):
        with pytest.raises(NoSandbox, match="There is no bwrap on this computer"):
            tried()


def test_a_file_has_the_sandbox_looked_at_once(monkeypatch, altered):
    looks, demand = [], bubblewrap.demand
    monkeypatch.setattr(bubblewrap, "demand", lambda: looks.append(demand()))
    assert preflight.try_file(PACKAGE, altered("pass")).judged.failed == ""
    assert len(looks) == 1


def test_what_a_sandbox_does_to_a_file_is_not_blamed_on_the_file(tmp_path, sound, monkeypatch):
    def spoilt():
        raise NoSandbox("it lets nobody compute")

    monkeypatch.setattr(bubblewrap, "demand", spoilt)
    with pytest.raises(NoSandbox, match="lets nobody compute"):
        preflight.try_file(PACKAGE, not_to_be_imported(tmp_path, sound))


@pytest.mark.parametrize("part", ["first", "again"])
@pytest.mark.parametrize(
    "trouble", [ChildKilled("it was ended by SIGKILL"), OSError(28, "no room"), NoSandbox("gone"), KeyError("ours")]
)
def test_a_trouble_of_this_computer_is_raised_and_not_judged(sound, monkeypatch, part, trouble):
    """In whichever of the two processes it comes."""
    take = preflight_run.PreflightRun._take

    def troubled(self, cell, answer):
        if cell.part == part:
            raise trouble
        take(self, cell, answer)

    monkeypatch.setattr(preflight_run.PreflightRun, "_take", troubled)
    with pytest.raises(type(trouble)):
        preflight.try_out(sound.archive)


@pytest.mark.parametrize("body", ["HELD = np.ones(2_500_000_000 // 8)", "import sys\nsys.exit(3)", "NAMED = 1 / 0"])
def test_a_file_that_is_none_when_it_is_imported_fails_in_a_sentence(tmp_path, sound, body, monkeypatch):
    monkeypatch.setattr(preflight, "refusals", lambda _source, _name: ())  # as something that got past them
    file = tmp_path / "sound.py"
    source = contents(sound.archive)["axiom/catalogue/sound.py"].decode()
    file.write_text(source.replace("def run(", f"{body}\n\n\ndef run("))
    judged = preflight.try_file(PACKAGE, file).judged
    assert judged.failed == "G2", judged.reason
    assert "elsewhere" not in judged.reason


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=r"nowhere\.py\. Nothing was tried"):
        preflight.try_file(PACKAGE, tmp_path / "nowhere.py")


def test_the_seeds_of_a_preflight_are_no_replicate_s():
    seeds = [preflight.seed_for(b"a secret", "ab" * 32, number) for number in range(20)]
    assert not set(seeds) & {seed_of("tiny_sum", 1, number) for number in range(10_000)}
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seeds[0] == preflight.seed_for(b"a secret", "ab" * 32)
    low, high = ((seeds[0] ^ seeds[number]) for number in ALIKE)
    assert (low > 0, low % 2**32) == (True, 0)
    assert 0 < high < 2**32


def test_nobody_outside_of_the_laboratory_can_foresee_the_seeds(sound, sound_attempt):
    seeds = {preflight.try_out(sound.archive).seed, sound_attempt.seed}
    seeds |= {preflight.seed_for(secret, digest) for secret in (b"one", b"two") for digest in ("ab" * 32, "cd" * 32)}
    assert len(seeds) == 6


def test_a_report_says_again_what_was_written(sound_attempt):
    assert read(write(sound_attempt)) == sound_attempt
    assert {one["config"] for one in json.loads(write(sound_attempt))["first"]} == {0, 1, 2}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bundle": 1}', '{"bundle":"a"', "\ud800"])
def test_a_report_that_is_none_is_refused(text):
    with pytest.raises(WrongUse, match=r"cannot be read: .* Nothing was stored\."):
        read(text)


@pytest.mark.parametrize("number", ['"a"', '"NaN"', "[1]"])
def test_a_report_whose_measures_are_no_numbers_is_refused(sound_attempt, number):
    data = json.loads(write(sound_attempt))
    data["first"][0]["measures"]["accuracy"] = json.loads(number)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(WrongUse, match="accuracy"):
        read(text)


def recorded(lab, attempt):
    with lab.db.transaction():
        return preflight.record(lab.db, attempt, preflight.secret_of(lab.keys.ticket), lab.now)


def test_what_passes_is_decided_from_what_the_bundle_here_declares(small_lab, sound, sound_attempt):
    small_lab.publish(sound, is_tried=False)
    slow = replace(sound_attempt, first=tuple(replace(one, cpu_seconds=61.0) for one in sound_attempt.first))
    short = replace(sound_attempt, first=sound_attempt.first[:1])
    for lacking in (replace(sound_attempt, again=()), short, replace(sound_attempt, controls=())):
        with pytest.raises(WrongUse, match=r"is not complete\. G\d, .* Nothing was stored\."):
            recorded(small_lab, lacking)
    with pytest.raises(WrongUse, match="Seed 7 is not that of a preflight of sound"):
        recorded(small_lab, replace(sound_attempt, seed=7))
    twice = replace(sound_attempt, others=sound_attempt.others[:1] * 4)
    with pytest.raises(WrongUse, match="a cell of others is in it twice"):
        recorded(small_lab, twice)
    assert preflights.of_bundle(small_lab.db, sound.digest, GATES) is None
    made, is_new = recorded(small_lab, slow)
    assert (made.passed, is_new) == (False, True)
    made, is_new = recorded(small_lab, sound_attempt)
    assert (made.passed, is_new) == (True, True)
    made, is_new = recorded(small_lab, slow)
    assert (made.passed, is_new) == (True, False)


def test_only_the_gates_of_today_and_bundles_that_are_published_count(small_lab, sound, sound_attempt):
    with pytest.raises(NotFound, match=f"no bundle {sound.digest[:12]} here"):
        recorded(small_lab, sound_attempt)
    small_lab.publish(sound, is_tried=False)
    with pytest.raises(WrongUse, match="Gates none-0 are not those"):
        recorded(small_lab, replace(sound_attempt, gates="none-0"))


def test_a_bundle_is_due_when_somebody_could_wait_for_it(small_lab, sound, sound_attempt, variant):
    heavy = variant("heavy_sum", seconds=9.0)
    assert preflight.due(small_lab.db, small_lab.now).bundle is None
    small_lab.publish(heavy, is_tried=False)
    small_lab.publish(sound, is_tried=False)
    small_lab.host()
    assert preflight.due(small_lab.db, small_lab.now).bundle is None  # the laboratory's own host comes first
    with small_lab.db.transaction():
        accounts.create(small_lab.db, name="Ann", email="a@example.org", password="", cross_id="c", now=small_lab.now)
    assert preflight.due(small_lab.db, small_lab.now).bundle == sound.digest
    assert preflight.due(small_lab.db, small_lab.now, {sound.digest}).bundle == heavy.digest
    recorded(small_lab, sound_attempt)
    assert preflight.due(small_lab.db, small_lab.now).bundle == heavy.digest


def test_a_bundle_is_due_when_no_host_of_ours_computes(small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    assert preflight.due(small_lab.db, small_lab.now).bundle == prepared().digest


def test_the_first_evidence_makes_what_was_not_tried_due(rounds, variant):
    rounds.lab.publish(variant("heavy_sum", seconds=9.0), is_tried=False)
    rounds.fill_block()
    assert preflight.due(rounds.db, rounds.lab.now).bundle is None
    rounds.hold()
    assert preflight.due(rounds.db, rounds.lab.now).bundle == variant("heavy_sum", seconds=9.0).digest


def test_a_session_orders_nothing_of_what_failed(rounds, prepared):
    lab = rounds.lab
    repaired = prepared(top="# repaired")
    lab.publish(repaired, is_tried=False)
    lab.say_tried(repaired.digest, passed=False, reason="G2, sandboxed run: it held too much.")
    planned = plan.decide(lab.db, rounds.policy, lab.now)
    assert planned.allotments == ()
    assert [one.reason for one in planned.skipped] == ["its preflight failed: G2, sandboxed run: it held too much"]
    lab.later(hours=1)
    lab.say_tried(repaired.digest)
    assert lab.host() == 1  # heard from again
    assert plan.decide(lab.db, rounds.policy, lab.now).allotments


def test_what_passed_the_gates_of_before_is_still_computed_here_when_it_fails_those_of_today(rounds, prepared):
    lab = rounds.lab
    old = prepared(top="# from before")
    lab.publish(old, is_tried=False)
    before = Preflight(
        bundle=old.digest, gates="twice-1", passed=True, reason="all", platform="", report="{}", at=lab.now
    )
    with lab.db.transaction():
        preflights.record(lab.db, before)
    lab.say_tried(old.digest, passed=False, reason="G7, placebo: it declares no control.")
    planned = plan.decide(lab.db, rounds.policy, lab.now)
    assert (bool(planned.allotments), planned.skipped) == (True, ())


def test_the_row_keeps_the_attempt_as_json_and_when_it_was(small_lab, sound, sound_attempt):
    small_lab.later(hours=3)
    with small_lab.db.transaction():
        lab = small_lab
        publish(lab.db, lab.folder, sound, keys=lab.keys, good_for=timedelta(days=90), now=lab.now)
    recorded(small_lab, sound_attempt)
    row = preflights.of_bundle(small_lab.db, sound.digest, GATES)
    assert (row.passed, row.at, row.platform) == (True, small_lab.now, sound_attempt.platform)
    assert read(row.report) == sound_attempt
