"""Experiments, designs, cohorts and predictions at the gate: published, ordered, retired, refused."""

import json
from dataclasses import replace

import pytest
import stored_work

from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.registrations import read_registration_body
from axiom.errors import NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.experiments.commands.experiments import PublishExperiment, RetireExperiment
from axiom.laboratory.experiments.commands.jobs import stop_failing
from axiom.laboratory.experiments.commands.recall_and_reopen import RecallExperiment, ReopenExperiment, ReopenFinding
from axiom.laboratory.experiments.publish import find_wanted_seal
from axiom.laboratory.keys import seal_bundles
from axiom.laboratory.keys.commands import SealBundles
from axiom.laboratory.registrations.commands import AmendFinding, PredictFinding, RegisterCohort, RegisterDesign
from axiom.settings import Settings
from axiom.signed.bundles import write_seal
from axiom.signed.keys import make_keys
from axiom.store.engine.database import to_microseconds
from axiom.store.engine.folder import write_file_atomically
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations

WIDE = RegisterDesign(
    experiment="tiny_sum",
    design="wide",
    configs=[{"size": size, "shift": shift} for shift in (0, 9) for size in (1, 2)],
    why="does it hold further out?",
    stopping="fixed",
    replicates=24,
)
SAID = {"positive": 0.5, "negative": 0.25, "absent": 0.25, "low": -1.0, "high": 1.0, "because": "a test"}
COMMANDS = [
    WIDE,
    RegisterCohort(finding=1, why="to confirm it"),
    AmendFinding(finding=1, why="it looked so", forecaster="Ada", null=0.5, **SAID),
    PredictFinding(finding=1, forecaster="Ada", **SAID),
    RecallExperiment(experiment="tiny_sum@1", why="the sum was wrong"),
    RetireExperiment(experiment="tiny_sum"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_shown_dry_done_once_and_refused_to_who_may_only_deploy(door, command):
    weak = Caller(
        name="Eve", capabilities=frozenset({Capability.DEPLOY}), limits=Limits(workunits_per_day=9, aborts_per_day=9)
    )
    before = door.stored()
    with pytest.raises(NotAllowed):
        door.submit(command, caller=weak)
    assert door.audited()[-1]["outcome"] == "refused"
    dry = door.submit(command, dry_run=True)
    assert dry.pop("dry_run")
    assert door.stored() == before
    first = door.submit(command, key="the same")
    assert first.items() >= {name: dry[name] for name in dry if name != "hash"}.items()
    after = door.stored()
    assert after != before
    assert door.submit(command, key="the same") == {**first, "repeated": True}
    assert door.stored() == after
    assert door.broken() == {}


def test_a_design_can_be_ordered_of_and_what_was_amended_cannot(door):
    made = door.submit(WIDE)
    assert made["findings"] == [{"number": 1, "estimand": "grows", "is_new": False}]
    assert made["configs"] == 4
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=made["registration"]))
    (row,) = door.look(lambda db: db.select("SELECT DISTINCT configs FROM workunit"))
    assert json.loads(row["configs"]) == [0, 1, 2, 3]
    with pytest.raises(NotFound):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=9))
    amended = door.submit(COMMANDS[2])["registration"]
    with pytest.raises(Refused):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=1))
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2))
    assert door.look(lambda db: experiments.count_issued_replicates(db, 1)).keys() == {made["registration"], amended}


def test_a_retired_version_is_opened_again_and_a_recalled_one_never(door):
    door.submit(RetireExperiment(experiment="tiny_sum"))
    door.submit(ReopenExperiment(experiment="tiny_sum", why="it is interesting after all"))
    assert door.look(lambda db: experiments.find_experiment(db, 1)).status == "open"
    assert "interesting after all" in door.audited()[-1]["arguments"]
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=3))
    answer = door.submit(RecallExperiment(experiment="tiny_sum@1", why="the sum was wrong"))
    touched = answer["blast_radius"]
    assert answer["cancelled"] == 3
    assert touched["workunits"] == {"open": 3}
    assert touched["results"] == 0
    assert [(finding["number"], finding["status"]) for finding in touched["findings"]] == [(1, "open")]
    assert door.look(lambda db: registrations.list_finding_statuses(db, 1)) == {1: ("recalled", "the sum was wrong")}
    for command in (ReopenExperiment(experiment="tiny_sum", why="a test"), ReopenFinding(finding=1, why="a test")):
        with pytest.raises(Refused):
            door.submit(command)


def test_rounded_chances_are_registered_as_they_are_scored(door):
    thirds = SAID | dict.fromkeys(("positive", "negative", "absent"), 0.333)
    door.submit(PredictFinding(finding=1, forecaster="Bob", **thirds))
    door.submit(AmendFinding(finding=1, why="it looked so", forecaster="Ada", null=0.5, **thirds))
    rows = door.look(
        lambda db: db.select("SELECT * FROM prediction WHERE forecaster LIKE 'Bob%' OR forecaster LIKE 'Ada%'")
    )
    body = door.look(lambda db: read_registration_body(registrations.read_registrations(db, 1)[-1].body))
    said = [*rows, *body.document["predictions"], body.estimands["grows_2"]["prediction"]]
    (chances,) = {(one["positive"], one["negative"], one["absent"]) for one in said}
    assert (len(said), sum(chances)) == (4, pytest.approx(1.0, abs=1e-15))


def test_what_cannot_be_is_refused_and_leaves_no_trace(door):
    before = door.stored()
    prediction = {"finding": 1, "forecaster": "Ada", **SAID}
    for make, error, fact in (
        (lambda: RecallExperiment(experiment="tiny_sum@7", why="a test"), NotFound, "7"),
        (lambda: RecallExperiment(experiment="tiny_som", why="a test"), UnknownName, "tiny_sum"),
        (lambda: RecallExperiment(experiment="tiny_sum", why=""), WrongUse, "why"),
        (lambda: RegisterCohort(finding=9, why="a test"), NotFound, "9"),
        (lambda: RegisterCohort(finding=1, why="a test", stopping="never"), WrongUse, "stopping"),
        (lambda: PredictFinding(**prediction | {"forecaster": "Ada, informed"}), WrongUse, "forecaster"),
        (lambda: PredictFinding(**prediction | {"absent": 0.5}), WrongUse, "1"),
        (lambda: PredictFinding(**prediction | {"low": float("inf")}), WrongUse, "low"),
        (lambda: PredictFinding(**prediction, median=1.5), WrongUse, "interval"),
        (lambda: AmendFinding(why="a test", null=float("nan"), **prediction), WrongUse, "null"),
    ):
        with pytest.raises(error, match=fact):
            door.submit(make())
    assert door.stored() == before


def test_what_is_ordered_for_one_host_is_kept_for_it_and_each_copy_costs_as_much(door):
    with pytest.raises(NotFound):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, host=9))
    host_id = door.meet()
    with pytest.raises(Refused):  # a host alone cannot have copies
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1, host=host_id, copies=2))
    assert door.look(stored_work.workunits) == []
    answer = door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, host=host_id))
    ordered = door.look(stored_work.workunits)
    assert {one.id: one.target_host_id for one in ordered} == dict.fromkeys((answer["first"], answer["last"]), host_id)
    tasks = door.look(lambda db: db.select("SELECT target_host_id FROM task"))
    assert [row["target_host_id"] for row in tasks] == [host_id] * 2
    order = DeployExperiment(experiment="tiny_sum", workunits=2)
    once, thrice = (door.submit(replace(order, copies=copies)) for copies in (None, 3))
    assert (once["copies"], thrice["copies"]) == (1, 3)
    assert thrice["most_core_hours"] == pytest.approx(3 * once["most_core_hours"], rel=0.01)
    assert [wanted.quorum for wanted in door.look(stored_work.workunits)] == [3, 3, 1, 1, 1, 1]
    assert door.broken() == {}


def test_a_probe_for_every_host_is_one_replicate_for_each_that_can_compute_it(door):
    probe = DeployExperiment(experiment="tiny_sum", workunits=1, every_host=True)
    with pytest.raises(Refused):
        door.submit(probe)  # nobody was heard from
    first, second, _ = door.meet(), door.meet("second", memory_mb=8_000), door.meet("small", memory_mb=10)
    with pytest.raises(Refused, match="10 of 10"):  # six for each of two
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=6, every_host=True))
    with pytest.raises(WrongUse):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1, every_host=True, host=1))
    assert door.look(stored_work.workunits) == []
    answer = door.submit(probe)
    (why,) = answer["passed_over"]
    assert (answer["hosts"], answer["workunits"], answer["replicates_each"]) == (2, 2, 1)
    assert answer["passed_over"][why] == 1
    assert "MB of memory" in why
    ordered = door.look(stored_work.workunits)
    assert sorted((wanted.target_host_id, wanted.replicates) for wanted in ordered) == [(first, (0,)), (second, (1,))]
    assert door.broken() == {}


FAIL = """
UPDATE task SET state = 'failed', cause = 'cell-failed', message = 'KeyError at axiom/catalogue/tiny_sum.py:31',
    host_id = :host, sent_at = :at, closed_at = :at, bundle_digest = (SELECT digest FROM bundle)
WHERE id = :id
"""


def test_the_job_counts_and_retires_what_is_broken_once_and_leaves_an_audit(door):
    """Between sessions the laboratory itself does it, through the gate like everybody, and says why."""

    def fail_on_hosts(*failing: int) -> None:
        def spoil(db) -> None:
            for number, host in enumerate(failing, start=1):
                db.execute(FAIL, id=number, host=host, at=to_microseconds(door.lab.now))

        door.gate.writer.run(spoil)
        door.lab.later(seconds=1)

    for name in ("h1", "h2", "h3"):
        door.meet(name)
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=6))
    fail_on_hosts(1)
    stop_failing(door.gate, door.caller)
    assert door.look(lambda db: experiments.find_experiment(db, 1)).status == "open"
    fail_on_hosts(1, 2, 3)
    for _ in range(2):
        stop_failing(door.gate, door.caller)
    version = door.look(lambda db: experiments.find_experiment(db, 1))
    assert version.status == "retired"
    assert version.why == "4 of 4 tasks failed on 3 hosts, and more than 10 % may not"
    assert door.look(lambda db: stored_work.tasks(db, state="unsent")) == []
    (row,) = [row for row in door.audited() if row["command"] == "experiment.retire"]
    assert row["outcome"] == "done"
    assert version.why in row["arguments"]
    assert '"tiny_sum@1"' in row["arguments"]  # this version, and not one that is published meanwhile


@pytest.fixture
def laboratory(small_lab, package):
    """What its commands know of it when it has this address."""
    small_lab.keys = make_keys(small_lab.folder.keys, small_lab.now)
    common = {"folder": small_lab.folder, "keys": small_lab.keys, "package": package}
    return lambda url: Laboratory(**common, settings=Settings(url=url))


def sealed_elsewhere(small_lab, known, made) -> SealBundles:
    """The command that brings the seal of what was prepared."""
    seal = find_wanted_seal(
        small_lab.db, made, trust=small_lab.keys.trust, good_for=known.bundle_good_for, now=small_lab.now
    )
    write_file_atomically(seal_bundles.unsealed_archive_path(small_lab.folder, made.digest), made.archive)
    return SealBundles(seal=write_seal(seal, *small_lab.keys.sealers))


@pytest.mark.parametrize("is_sealed_elsewhere", [False, True])
@pytest.mark.parametrize(("url", "block"), [("", 8), ("https://lab.example/", 32)])
def test_with_an_address_blocks_are_for_volunteers(small_lab, prepared, laboratory, url, block, is_sealed_elsewhere):
    known, made, now = laboratory(url), prepared(), small_lab.now
    if is_sealed_elsewhere:
        command, made = sealed_elsewhere(small_lab, known, made), None
    else:
        command = PublishExperiment(experiment="tiny_sum")
    with small_lab.db.transaction():
        command.apply(small_lab.db, known, made, now)
    (registration,) = registrations.read_registrations(small_lab.db, 1)
    assert read_registration_body(registration.body).block == block


@pytest.mark.parametrize("is_sealed_elsewhere", [False, True])
@pytest.mark.parametrize("is_sent", [False, True])
def test_the_predictions_of_a_file_of_ones_own_are_ones_own(
    small_lab, package, laboratory, is_sent, is_sealed_elsewhere
):
    text = (package / "catalogue" / "tiny_sum.py").read_text(encoding="utf-8").replace('"tiny_sum"', '"mine"')
    known, command = laboratory(""), PublishExperiment(experiment="mine", text=text if is_sent else None)
    write_file_atomically(
        small_lab.folder.catalogue / "mine.py", text.encode()
    )  # where a file lies that was published before
    made = command.prepare(known)
    if is_sealed_elsewhere:
        command, made = sealed_elsewhere(small_lab, known, made), None
    with small_lab.db.transaction():
        command.apply(small_lab.db, known, made, small_lab.now)
    assert {row["forecaster"] for row in small_lab.db.select("SELECT forecaster FROM prediction")} == {"operator"}
