"""Bundles are tried as hosts would compute them; what is wrong with one is found, said, and remembered."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import axiom
from axiom.decisions.preflight import judge
from axiom.domain.experiments import seed_of
from axiom.domain.preflights import GATES
from axiom.domain.work import Outcome
from axiom.errors import NotFound, WrongUse
from axiom.lab import plan, preflight
from axiom.lab.publish import prepare
from axiom.signed.bundles import contents
from axiom.store import accounts, preflights

PACKAGE = Path(axiom.__file__).parent
# What each file does instead of `return Measures(…)`, with what stands above its `run`.
_RETURN = "return Measures(total=float(config.size), count=seed % 2)"
_SEEN = "seen = []"
FAULTS = {
    "raises": ("", 'raise ValueError("a secret of the host")', "config 0 (size 1) raises ValueError at"),
    "leaves the numbers": (
        "",
        'return Measures(total=float("nan"), count=None)',
        "config 0 (size 1) is not finite: total left the real numbers",
    ),
    "asks the clock": (
        "import time",
        "return Measures(total=time.perf_counter(), count=None)",
        "computed again with the same seed in a fresh process gives other numbers",
    ),
    "remembers the cell before": (
        _SEEN,
        "seen.append(config)\n    return Measures(total=float(len(seen)), count=None)",
        "computed again with the same seed in a fresh process gives other numbers",
    ),
    "holds too much": (
        "",
        "import time\n    held = b'x' * 400_000_000\n    time.sleep(5)\n    " + _RETURN,
        "config 0 (size 1): The computing process held",
    ),
    "ends itself": ("", "import os\n    os._exit(3)", "config 0 (size 1): The computing process is lost"),
}


@pytest.fixture
def altered(tmp_path, prepared):
    """The tiny experiment with another `run`."""

    def make(top: str, body: str):
        file = tmp_path / "tiny_sum.py"
        source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
        file.write_text(source.replace(_RETURN, body).replace("def run(", f"{top}\n\n\ndef run("))
        return prepare(PACKAGE, file)

    return make


def test_a_sound_bundle_is_computed_twice_the_cheapest_config_first(tmp_path, prepared):
    file = tmp_path / "tiny_sum.py"
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    file.write_text(source.replace("lambda config: 1.0", "lambda config: 10.0 - config.size"))
    archive = prepare(PACKAGE, file).archive
    said: list[tuple[int, int]] = []
    attempt = preflight.try_out(archive, lambda done, cells: said.append((done, cells)))
    assert [one.config for one in attempt.first] == [1, 0]
    assert [one.config for one in attempt.again] == [0, 1]
    assert {one.outcome for one in attempt.first} == {Outcome.OK}
    assert said == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (attempt.fault, attempt.gates, attempt.bundle) == ("", GATES, prepare(PACKAGE, file).digest)


@pytest.mark.parametrize(("top", "body", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_with_a_bundle_is_found_and_ends_the_preflight(altered, top, body, reason):
    made = altered(top, body)
    attempt = preflight.try_out(made.archive)
    judged = judge(attempt, preflight.demands_of(made.manifest))
    assert not judged.passed
    assert reason in judged.reason
    assert "a secret of the host" not in preflight.write(attempt)
    assert len(attempt.first) + len(attempt.again) < 4  # nothing is computed for nothing


def test_a_bundle_that_cannot_be_imported_any_more_fails_in_a_sentence(prepared, tmp_path):
    file = tmp_path / "tiny_sum.py"
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    mark = tmp_path / "described"
    file.write_text(
        f"from pathlib import Path\nif Path({str(mark)!r}).exists():\n    raise OSError\n"
        + source.split('"""Adds up."""\n')[1]
    )
    made = prepare(PACKAGE, file)
    mark.touch()
    judged = judge(preflight.try_out(made.archive), preflight.demands_of(made.manifest))
    assert not judged.passed
    assert "axiom.catalogue.tiny_sum cannot be used: OSError at" in judged.reason


def test_the_seed_of_a_preflight_is_no_replicate_s():
    seed = preflight.seed_for("tiny_sum", 1)
    assert seed not in {seed_of("tiny_sum", 1, number) for number in range(10_000)}
    assert 0 <= seed == preflight.seed_for("tiny_sum", 1) < 2**63


def test_a_report_says_again_what_was_written(small_lab, prepared):
    small_lab.publish(prepared())
    row = preflights.of_bundle(small_lab.db, prepared().digest, GATES)
    attempt = preflight.read(row.report)
    assert preflight.write(attempt) == row.report
    assert (row.passed, row.at, row.platform) == (True, small_lab.now, attempt.platform)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bundle": 1}', '{"bundle":"a"', "\ud800"])
def test_a_report_that_is_none_is_refused(text):
    with pytest.raises(WrongUse, match=r"cannot be read: .* Nothing was stored\."):
        preflight.read(text)


def recorded(lab, attempt):
    with lab.db.transaction():
        return preflight.record(lab.db, attempt, lab.now)


def test_what_passes_is_decided_from_what_the_bundle_here_declares(small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    sound = preflight.try_out(prepared().archive)
    slow = replace(sound, first=tuple(replace(one, cpu_seconds=61.0) for one in sound.first))
    for lacking in (replace(sound, again=()), replace(sound, first=sound.first[:1]), slow):
        made, is_new = recorded(small_lab, lacking)
        assert (made.passed, is_new) == (False, True)
    made, is_new = recorded(small_lab, sound)
    assert (made.passed, is_new) == (True, True)
    made, is_new = recorded(small_lab, slow)
    assert (made.passed, is_new) == (True, False)


def test_only_the_gates_of_today_and_bundles_that_are_published_count(small_lab, prepared):
    sound = preflight.try_out(prepared().archive)
    with pytest.raises(NotFound, match=f"no bundle {sound.bundle[:12]} here"):
        recorded(small_lab, sound)
    small_lab.publish(prepared(), is_tried=False)
    with pytest.raises(WrongUse, match="Gates none-0 are not those"):
        recorded(small_lab, replace(sound, gates="none-0"))


def test_a_bundle_is_due_when_somebody_could_wait_for_it(small_lab, prepared, variant):
    assert preflight.due(small_lab.db, small_lab.now).bundle is None
    small_lab.publish(variant("heavy_sum", seconds=9.0), is_tried=False)
    small_lab.publish(prepared(), is_tried=False)
    small_lab.host()
    assert preflight.due(small_lab.db, small_lab.now).bundle is None  # the laboratory's own host comes first
    with small_lab.db.transaction():
        accounts.create(small_lab.db, name="Ann", email="a@example.org", password="", cross_id="c", now=small_lab.now)
    assert preflight.due(small_lab.db, small_lab.now).bundle == prepared().digest
    recorded(small_lab, preflight.try_out(prepared().archive))
    assert preflight.due(small_lab.db, small_lab.now).bundle == variant("heavy_sum", seconds=9.0).digest


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
    failed = replace(preflight.try_out(repaired.archive), fault="the disk is full")
    recorded(lab, replace(failed, again=()))
    planned = plan.decide(lab.db, rounds.policy, lab.now)
    assert planned.allotments == ()
    assert [one.reason for one in planned.skipped] == ["its preflight failed: the disk is full"]
    lab.later(hours=1)
    recorded(lab, preflight.try_out(repaired.archive))
    assert lab.host() == 1  # heard from again
    assert plan.decide(lab.db, rounds.policy, lab.now).allotments


def test_the_row_keeps_the_attempt_as_json_and_when_it_was(small_lab, prepared):
    small_lab.later(hours=3)
    small_lab.publish(prepared())
    row = preflights.of_bundle(small_lab.db, prepared().digest, GATES)
    assert row.at - timedelta(hours=3) == small_lab.now - timedelta(hours=3)
    assert {one["config"] for one in json.loads(row.report)["first"]} == {0, 1}
