"""Bundles are tried in the bubblewrap, gate by gate; what is wrong with one is found, said, and remembered."""

import json
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from processes import children_of
from real_parts import need

import axiom
from axiom import shipped
from axiom.domain.experiments import seed_of
from axiom.domain.preflights import GATES, Preflight
from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, NoSandbox, NotFound, WrongUse
from axiom.laboratory.experiments import preflight, reference_core
from axiom.laboratory.experiments.preflight import preflight_demands
from axiom.laboratory.experiments.preflight_cells import PreflightRun
from axiom.laboratory.experiments.preflight_report import read_preflight_report, write_preflight_report
from axiom.laboratory.experiments.rules.gates import GateState
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.laboratory.experiments.shipped_declarations import find_declaration
from axiom.laboratory.planning import plan
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.confine import bubblewrap
from axiom.signed.bundles import MANIFEST, collect_sources, experiment_path, pack_files, read_bundle_files
from axiom.signed.manifests import read_manifest
from axiom.store.accounts import accounts
from axiom.store.experiments import preflights

PACKAGE = Path(axiom.__file__).parent
_RETURN = "    return Measures("
ALIKE = (SAME_LOW, SAME_HIGH)
CLAIM = "many_minus_few"
# What is put before the return of the sound experiment, the gate that sees it, and what it says.
FAULTS = {
    "raises": ('raise ValueError("a secret of the host")', "G2", "ValueError at axiom/catalogue/sound.py"),
    "holds too much": ("held = np.ones(1_000_000_000 // 8); print(held.sum())", "G2", "held"),
    "remembers": ("SEEN.append(1); weights = weights * len(SEEN)", "G3", ""),
    "leaves the numbers": ("weights = weights / 0 * np.inf", "G5", "size"),
}


@pytest.fixture
def changed(tmp_path, sound):
    """The sound experiment with something replaced."""

    def make(old: str, new: str) -> Path:
        file = tmp_path / "sound.py"
        source = read_bundle_files(sound.archive)["axiom/catalogue/sound.py"].decode()
        assert old in source
        file.write_text(source.replace(old, new))
        return file

    return make


@pytest.fixture
def altered(changed):
    """The sound experiment with something before its return."""

    def make(body: str) -> Path:
        file = changed(_RETURN, f"    {body}\n{_RETURN}")
        file.write_text(file.read_text().replace("def run(", "SEEN = []\n\n\ndef run("))
        return file

    return make


def test_a_sound_bundle_is_computed_in_two_processes_and_passes_every_gate(sound, sound_attempt):
    progress: list[tuple[int, int]] = []
    attempt = preflight.preflight_bundle(sound.archive, lambda done, cells: progress.append((done, cells)))
    judged = preflight.Examination(attempt=attempt, manifest=sound.manifest).judged
    assert judged.passed, judged.reason
    assert [gate.state for gate in judged.gates] == [GateState.PASSED] * 9
    configs = [cell.config for cell in attempt.first]
    assert sorted(configs) == [0, 1, 2]
    assert configs == [cell.config for cell in attempt.again][::-1]
    assert sorted((cell.config, cell.seed) for cell in attempt.others) == [
        (config, seed) for config in range(3) for seed in ALIKE
    ]
    assert [(run.estimand, run.is_planted) for run in attempt.controls] == [(CLAIM, False), (CLAIM, True)]
    # two arms, at eight seeds or, by chance, sixteen
    assert all(len(run.tried) in (16, 32) for run in attempt.controls)
    assert {cell.outcome for cell in attempt.first} == {Outcome.OK}
    assert {tuple(cell.measures) for cell in attempt.first} == {("accuracy",)}
    cells = 12 + sum(len(run.tried) for run in attempt.controls)
    assert progress == [(done, cells) for done in range(1, cells + 1)]
    assert (attempt.fault, attempt.gates, attempt.bundle) == ("", GATES, sound.digest)
    seeds = {attempt.seed, sound_attempt.seed}  # which nobody outside can foresee
    seeds |= {preflight.preflight_seed(secret) for secret in (b"one", b"two")}
    assert len(seeds) == 4


@need("bwrap")
def test_a_control_that_eight_seeds_do_not_settle_is_computed_at_sixteen(changed):
    planted = "planted=grid(Config, inputs=[2, 64], signal=[0.{}])"
    trial = preflight.preflight_file(PACKAGE, changed(planted.format(5), planted.format(0)))
    assert trial.judged.failed == "G8"
    assert [len(run.tried) for run in trial.attempt.controls if run.is_planted] == [32]


@need("bwrap")
@pytest.mark.parametrize(("body", "gate", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_with_a_file_is_found_by_its_gate_and_ends_the_preflight(altered, body, gate, reason):
    trial = preflight.preflight_file(PACKAGE, altered(body))
    judged = trial.judged
    assert (judged.passed, judged.failed) == (False, gate), judged.reason
    assert reason in judged.reason
    assert "a secret of the host" not in write_preflight_report(trial.attempt)
    assert sum(len(part) for part in (trial.attempt.first, trial.attempt.again)) < 6  # nothing is computed for nothing


def test_what_is_refused_is_not_run_at_all(altered):
    trial = preflight.preflight_file(PACKAGE, altered("import os; os._exit(3)"))
    assert trial.judged.failed == "G1"
    assert trial.manifest is None
    assert trial.attempt.bundle == ""
    assert "os" in trial.attempt.refusals[0].sentence
    assert preflight.preflight_file(PACKAGE, altered(")")).judged.failed == "G0"


@need("bwrap")
def test_one_that_never_ends_is_stopped_after_what_it_may_take(altered):
    trial = preflight.preflight_file(PACKAGE, altered("while True:\n        rows = rows + 1.0"), patience=0.3)
    assert trial.judged.failed == "G2"
    assert "was stopped" in trial.judged.reason


@need("bwrap")
def test_a_mended_text_is_compared_behind_a_cell_that_ended_the_published_one(altered, sound, sound_attempt):
    published = preflight.pack_in_sandbox(PACKAGE, altered(f"if config.inputs == 8: {FAULTS['holds too much'][0]}"))
    attempt = preflight.compare_with_published(sound_attempt, sound.manifest, published.archive, b"nobody", None)
    places = {(cell.config, cell.seed) for cell in (*attempt.first, *attempt.others)}
    assert {(cell.config, cell.seed) for cell in attempt.published} == {place for place in places if place[0] != 1}


@need("bwrap")
def test_one_that_is_wanted_no_more_ends_at_once_and_leaves_nothing_behind(altered, tmp_path, monkeypatch):
    made = preflight.pack_in_sandbox(PACKAGE, altered("while True:\n        rows = rows + 1.0"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    gate, had, is_over = PauseGate(), children_of(os.getpid()), threading.Event()

    def end_when_it_computes():
        while not (children_of(os.getpid()) - had or is_over.wait(0.01)):
            continue
        gate.end()

    ending = threading.Thread(target=end_when_it_computes)
    ending.start()
    with pytest.raises(RunEnded):  # by itself it would be stopped as one that never ends
        preflight.preflight_bundle(made.archive, gate=gate)
    is_over.set()
    ending.join()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert children_of(os.getpid()) <= had


@need("bwrap")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("smallest=0.05,", "smallest=0.05, measure_of='x',"),
        ("def run(", "HELD = np.ones(2_500_000_000 // 8)\n\n\ndef run("),
        ("def run(", "import sys\nsys.exit(3)\n\n\ndef run("),
    ],
)
def test_a_file_that_is_none_when_it_is_imported_fails_in_a_sentence(changed, old, new, monkeypatch):
    monkeypatch.setattr(preflight, "check_source", lambda _source, _name: ())  # as something that got past them
    judged = preflight.preflight_file(PACKAGE, changed(old, new)).judged
    assert judged.failed == "G2", judged.reason
    assert "elsewhere" not in judged.reason


@need("bwrap")
def test_without_a_sandbox_nothing_is_tried_and_nothing_judged(sound, monkeypatch, tmp_path, changed):
    looks, demand = [], bubblewrap.demand_sandbox
    monkeypatch.setattr(bubblewrap, "demand_sandbox", lambda: looks.append(demand()))
    file = changed("smallest=0.05,", "smallest=0.05, measure_of='x',")
    assert preflight.preflight_file(PACKAGE, file).judged.failed == "G2"
    assert len(looks) == 1
    monkeypatch.setattr(bubblewrap, "demand_sandbox", demand)
    monkeypatch.setenv("PATH", str(tmp_path))
    for attempt in (lambda: preflight.preflight_bundle(sound.archive), lambda: preflight.preflight_file(PACKAGE, file)):
        with pytest.raises(NoSandbox):  # which is not blamed on the file
            attempt()
    with pytest.raises(NotFound, match=r"nowhere\.py"):
        preflight.preflight_file(PACKAGE, tmp_path / "nowhere.py")


@need("bwrap")
@pytest.mark.parametrize(("part", "trouble"), [("first", ChildKilled("SIGKILL")), ("again", OSError(28, "no room"))])
def test_a_trouble_of_this_computer_is_raised_and_not_judged(sound, monkeypatch, part, trouble):
    """In whichever of the two processes it comes."""
    take = PreflightRun._take

    def troubled(self, cell, answer):
        if cell.part == part:
            raise trouble
        take(self, cell, answer)

    monkeypatch.setattr(PreflightRun, "_take", troubled)
    with pytest.raises(type(trouble)):
        preflight.preflight_bundle(sound.archive)


def test_the_seeds_of_a_preflight_are_no_replicate_s():
    seeds = [preflight.preflight_seed(b"a secret", number) for number in range(20)]
    assert not set(seeds) & {seed_of("tiny_sum", 1, number) for number in range(10_000)}
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seeds[0] == preflight.preflight_seed(b"a secret")
    low, high = ((seeds[0] ^ seeds[number]) for number in ALIKE)
    assert low > 0
    assert low % 2**32 == 0
    assert 0 < high < 2**32


def test_a_report_says_again_what_was_written_and_one_that_is_none_is_refused(sound_attempt):
    text = write_preflight_report(sound_attempt)
    assert read_preflight_report(text) == sound_attempt
    assert {cell["config"] for cell in json.loads(text)["first"]} == {0, 1, 2}
    for bad in ("", "[]", "{}", '{"bundle": 1}', '{"bundle":"a"', "\ud800"):
        with pytest.raises(WrongUse):
            read_preflight_report(bad)
    for number in ("a", "NaN", [1]):
        data = json.loads(text)
        data["first"][0]["measures"]["accuracy"] = number
        with pytest.raises(WrongUse, match="accuracy"):
            read_preflight_report(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def recorded(lab, attempt):
    return preflight.store_judged_preflight(lab.db, attempt, preflight.preflight_secret(lab.keys.ticket), lab.now)


def test_what_passes_is_decided_from_what_the_bundle_here_declares(small_lab, sound, sound_attempt):
    attempt = sound_attempt
    with pytest.raises(NotFound, match=sound.digest[:12]):
        recorded(small_lab, attempt)
    small_lab.publish(sound, is_tried=False)
    for wrong, fact in (
        (replace(attempt, again=()), "G3"),
        (replace(attempt, first=attempt.first[:1]), "G2"),
        (replace(attempt, controls=()), "G7"),
        (replace(attempt, seed=7), "7"),
        (replace(attempt, others=attempt.others[:1] * 4), "others"),
        (replace(attempt, gates="none-0"), "none-0"),
    ):
        with pytest.raises(WrongUse, match=fact):
            recorded(small_lab, wrong)
    assert preflights.find_preflight(small_lab.db, sound.digest, GATES) is None
    slow = replace(attempt, first=tuple(replace(cell, cpu_seconds=61.0) for cell in attempt.first))
    small_lab.later(hours=3)
    outside = replace(attempt, first=tuple(replace(cell, measures={"accuracy": 333.0}) for cell in attempt.first[1:]))
    outside = replace(outside, first=(replace(attempt.first[0], measures={"accuracy": 0.0}), *outside.first))
    for brought, passed, is_new in (
        (slow, False, True),
        (outside, False, True),
        (attempt, True, True),
        (slow, True, False),
    ):
        made, was_new = recorded(small_lab, brought)
        assert made.passed == passed
        assert was_new == is_new
        assert "333" not in made.reason
    row = preflights.find_preflight(small_lab.db, sound.digest, GATES)
    assert (row.passed, row.at, row.platform) == (True, small_lab.now, attempt.platform)
    assert read_preflight_report(row.report) == attempt


def test_a_file_that_axiom_brings_along_is_known_by_its_bytes(sound):
    files = collect_sources(PACKAGE, shipped.catalogue_folder() / "benford_law.py")
    files[MANIFEST] = find_declaration(shipped.catalogue_folder(), "benford_law", files)
    altered = files | {experiment_path("benford_law"): files[experiment_path("benford_law")] + b"\n"}
    known = [
        preflight.is_shipped_bundle(archive) for archive in (pack_files(files), pack_files(altered), sound.archive)
    ]
    assert known == [True, False, False]


def test_a_bundle_is_due_when_somebody_could_wait_for_it(small_lab, sound, sound_attempt, variant):
    heavy = variant("heavy_sum", seconds=9.0)
    assert preflight.choose_due_preflight(small_lab.db, small_lab.now).bundle is None
    small_lab.publish(heavy, is_tried=False)
    small_lab.publish(sound, is_tried=False)
    small_lab.host()
    assert (
        preflight.choose_due_preflight(small_lab.db, small_lab.now).bundle is None
    )  # the laboratory's own host comes first
    accounts.create_account(
        small_lab.db, name="Ann", email="a@example.org", password="", cross_id="c", now=small_lab.now
    )
    assert preflight.choose_due_preflight(small_lab.db, small_lab.now).bundle == sound.digest
    assert preflight.choose_due_preflight(small_lab.db, small_lab.now, {sound.digest}).bundle == heavy.digest
    recorded(small_lab, sound_attempt)
    assert preflight.choose_due_preflight(small_lab.db, small_lab.now).bundle == heavy.digest


def test_the_first_evidence_makes_what_was_not_tried_due(rounds, variant):
    heavy = variant("heavy_sum", seconds=9.0)
    rounds.lab.publish(heavy, is_tried=False)
    for _ in range(2):
        rounds.fill_block()
    assert preflight.choose_due_preflight(rounds.db, rounds.lab.now).bundle is None
    rounds.hold()
    assert preflight.choose_due_preflight(rounds.db, rounds.lab.now).bundle == heavy.digest


def test_a_session_orders_nothing_that_failed_unless_it_passed_the_former_gates(rounds, prepared):
    lab = rounds.lab
    repaired = prepared(top="# repaired")
    lab.publish(repaired, is_tried=False)
    lab.say_tried(repaired.digest, passed=False, reason="G2, sandboxed run: it held too much.")
    planned = plan.decide_plan(lab.db, rounds.policy, lab.now)
    assert planned.allotments == ()
    (skipped,) = planned.skipped
    assert "G2" in skipped.reason
    before = Preflight(
        bundle=repaired.digest, gates="twice-1", passed=True, reason="all", platform="", report="{}", at=lab.now
    )
    preflights.record_preflight(lab.db, before)
    planned = plan.decide_plan(lab.db, rounds.policy, lab.now)
    assert planned.allotments
    assert planned.skipped == ()


@need("bwrap")
def test_a_cell_counts_by_the_speed_of_the_computer(sound):
    """A slow or a busy one is no fault of a file: what cells cost is counted in seconds of a reference core."""
    files, costs = read_bundle_files(sound.archive), {}
    manifest = read_manifest(files[MANIFEST])
    for slowness in (1.0, 1e6):
        demands = preflight_demands(manifest)
        run = PreflightRun(files, manifest, demands, lambda number: 7 + number, slowness=lambda: slowness)  # noqa: B023
        run.run()
        costs[slowness] = [cell.cpu_seconds for cell in run.tried("others")]
    assert all(0 < seconds < 1e-4 for seconds in costs[1e6])
    assert sum(costs[1.0]) > 100 * sum(costs[1e6])
    assert 0 < reference_core.measure_slowness() < 1_000
