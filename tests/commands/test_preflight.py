"""A preflight is remembered through the gate; what is ordered heeds it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.commands.experiments import DeployExperiment, PreflightExperiment
from axiom.domain.callers import Capability
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import GATES, Preflight, Refusal
from axiom.errors import NotAllowed, NotFound, Refused, WrongUse
from axiom.lab.experiments.preflight import secret_of, seed_for
from axiom.lab.experiments.preflight_report import write
from axiom.lab.experiments.publish import publish
from axiom.lab.experiments.quick_gates import keep_row
from axiom.signed import bundles
from axiom.store.accounts import accounts
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits

LOST = (
    "G2, sandboxed run: the computing process is lost. Mend the file and publish it again; the repaired bundle is "
    "tried anew."
)


@pytest.fixture
def attempt(sound_attempt):
    return sound_attempt


@pytest.fixture
def untried(door, sound):
    """An experiment is published, and nobody tried it."""
    how = {"keys": door.lab.keys, "good_for": timedelta(days=90), "now": door.lab.now}
    door.gate.writer.run(lambda db: publish(db, door.lab.folder, sound, **how))
    door.gate.writer.run(lambda db: db.execute("DELETE FROM preflight WHERE ours_only = 0"))
    door.sound = sound
    return door


def of(attempt, **changes) -> PreflightExperiment:
    return PreflightExperiment(report=write(replace(attempt, **changes)))


def row(door, attempt):
    return door.look(lambda db: preflights.of_bundle(db, attempt.bundle, GATES))


def ann_s_host(door) -> int:
    def meet(db) -> int:
        ann = accounts.create(db, name="Ann", email="ann@example.org", password="", cross_id="c", now=door.lab.now)
        platform = Platform(system="linux", processor="x86_64", instructions="avx2")
        capacity = Capacity(cores=2, memory_mb=4_000)
        return hosts.meet(db, volunteer_id=ann, name="attic", platform=platform, capacity=capacity, now=door.lab.now)

    return door.gate.writer.run(meet)


def test_what_came_of_it_is_stored_with_its_report_and_audited_by_its_digest(untried, attempt):
    answer = untried.submit(of(attempt))
    assert answer == {
        "experiment": "sound",
        "version": 1,
        "bundle": attempt.bundle,
        "gates": GATES,
        "platform": attempt.platform,
        "passed": True,
        "reason": "all gates, G0 to G8: 3 configs twice the same in every bit",
        "is_new": True,
    }
    stored = row(untried, attempt)
    assert (stored.passed, stored.report, stored.at) == (True, write(attempt), untried.lab.now)
    (audited,) = untried.audited()
    assert audited["command"] == "experiment.preflight"
    assert len(audited["arguments"]) == len('{"report":""}') + 64
    assert untried.submit(of(attempt))["is_new"] is False


def test_a_dry_run_says_how_it_would_end_and_stores_nothing(untried, attempt):
    assert untried.submit(of(attempt), dry_run=True)["passed"]
    assert row(untried, attempt) is None


def test_one_that_was_not_computed_to_its_end_is_refused(untried, attempt):
    with pytest.raises(WrongUse, match=r"is not complete\. G3, .*Nothing was stored"):
        untried.submit(of(attempt, again=()))
    assert row(untried, attempt) is None


def test_what_passed_the_gates_of_before_is_ordered_for_our_own_hosts_alone(untried, attempt):
    before = Preflight(
        bundle=attempt.bundle, gates="twice-1", passed=True, reason="", platform="", report="{}", at=untried.lab.now
    )
    untried.gate.writer.run(lambda db: preflights.record(db, before))
    assert untried.submit(of(attempt, again=(), fault="the computing process is lost."))["passed"] is False
    answer = untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert answer["preflight"].startswith(
        "it passed the gates of before, and not those of today: only the laboratory's"
    )
    with pytest.raises(Refused, match="its preflight failed: G2"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1, host=ann_s_host(untried)))


def test_one_that_failed_is_stored_as_such(untried, attempt):
    answer = untried.submit(of(attempt, again=(), fault="the computing process is lost."))
    assert (answer["passed"], answer["reason"]) == (False, LOST)
    assert not row(untried, attempt).passed


def refused(door, attempt, fault: bytes, **changes):
    """What comes of a report about the sound file with this text at its end, of which the report says nothing."""
    source = bundles.contents(door.sound.archive)[bundles.experiment_path("sound")] + fault
    files = bundles.contents(door.sound.archive) | {bundles.experiment_path("sound"): source}
    other = replace(door.sound, archive=bundles.pack(files))
    how = {"keys": door.lab.keys, "good_for": timedelta(days=90), "now": door.lab.now}
    door.gate.writer.run(lambda db: publish(db, door.lab.folder, other, **how))
    seed = seed_for(secret_of(door.lab.keys.ticket), other.digest)
    return door.submit(of(attempt, bundle=other.digest, seed=seed, **changes))


def test_whether_the_file_may_be_tried_the_laboratory_reads_itself(untried, attempt):
    answer = refused(untried, attempt, b"\nimport socket\n")
    assert answer["passed"] is False
    assert re.match(r"G1, allow-list: line \d+: socket cannot be imported", answer["reason"])


def test_a_refusal_that_the_file_does_not_bear_out_is_not_believed(untried, attempt):
    said = (Refusal(gate="G1", line=1, sentence="Nobody likes it."),)
    assert untried.submit(of(attempt, refusals=said))["passed"]
    assert "Nobody likes it" not in row(untried, attempt).report


def test_who_may_only_order_work_cannot_vouch_for_it(untried, attempt):
    orderer = replace(untried.caller, capabilities=frozenset({Capability.DEPLOY}))
    with pytest.raises(NotAllowed):
        untried.submit(of(attempt), caller=orderer)
    assert row(untried, attempt) is None


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"bundle": "ab" * 32}, NotFound, "There is no bundle abababababab here"),
        ({"gates": "none-0"}, WrongUse, "Gates none-0 are not those that are asked here"),
    ],
)
def test_what_is_for_nothing_is_refused(untried, attempt, changes, error, words):
    with pytest.raises(error, match=words):
        untried.submit(of(attempt, **changes))
    with pytest.raises(WrongUse, match="cannot be read"):
        untried.submit(PreflightExperiment(report="{}"))
    assert untried.look(lambda db: db.select("SELECT * FROM preflight WHERE ours_only = 0")) == []


def test_what_was_not_tried_is_ordered_for_our_own_hosts_and_says_so(untried):
    answer = untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert answer["preflight"] == "it waits for its preflight; until then only the laboratory's own hosts get it"


def test_nothing_is_ordered_of_what_does_not_read_as_an_experiment(untried, attempt):
    unread = (Refusal(gate="G0", line=3, sentence="The file must say so."),)

    def keep(db) -> None:
        db.execute("DELETE FROM preflight")
        keep_row(db, attempt.bundle, unread, untried.lab.now)

    untried.gate.writer.run(keep)
    with pytest.raises(Refused, match=r"not even the laboratory's own hosts may have it: G0, parse: line 3: The file"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert untried.look(workunits.workunits) == []


def test_nothing_is_ordered_for_a_volunteer_s_host_that_it_could_not_get(untried, attempt):
    wanted = DeployExperiment(experiment="sound", workunits=1, host=ann_s_host(untried))
    with pytest.raises(Refused, match=r"it goes to no volunteer\. Nothing was"):
        untried.submit(wanted)
    assert untried.look(workunits.workunits) == []
    untried.submit(of(attempt))
    assert untried.submit(wanted)["preflight"] == "any host may have it"


def test_nothing_is_ordered_of_what_failed(untried, attempt):
    untried.submit(of(attempt, again=(), fault="the computing process is lost."))
    for host in (None, ann_s_host(untried)):
        with pytest.raises(Refused, match=r"its preflight failed: G2, sandboxed run: the .* tried anew\. Nothing"):
            untried.submit(DeployExperiment(experiment="sound", workunits=1, host=host))
    assert untried.look(lambda db: experiments.issued(db, 2)) == 0
