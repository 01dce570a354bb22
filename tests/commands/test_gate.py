"""Every command passes one gate: allowed or refused, it is remembered, and a dry run changes nothing else."""

import json
import shutil
from dataclasses import replace

import pytest

from axiom.commands.experiments import DeployExperiment, PublishExperiment, RetireExperiment
from axiom.commands.work import CancelWorkunits
from axiom.domain.callers import Capability
from axiom.errors import (
    ExperimentError,
    KeyReused,
    LimitReached,
    NotAllowed,
    NotFound,
    Refused,
    StoreError,
    TicketTooLong,
    UnknownName,
    Withdrawn,
)
from axiom.signed.bundles import contents
from axiom.store.tasks import workunits

DEPLOY = DeployExperiment(experiment="tiny_sum", workunits=2)
# As if the sweep had been registered with a config of 130,000 characters.
LONGER = """UPDATE registration SET body = replace(body, '"configs":[', '"configs":["' || hex(zeroblob(65000)) || '",'),
    hash = hash || 'x'"""


def test_a_command_that_was_done_is_audited_with_its_answer(door):
    answer = door.submit(DEPLOY)
    assert answer == {
        "experiment": "tiny_sum",
        "version": 1,
        "workunits": 2,
        "first": 1,
        "last": 2,
        "copies": 1,
        "replicates_each": 4,  # 8 seconds a task, 2 seconds a replicate
        "preflight": "any host may have it",
        "core_seconds": 960.0,  # 2 cells a replicate, each of which may take a minute
    }
    (entry,) = door.audited()
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("Ada", "experiment.deploy", "done")
    assert (entry["dry_run"], entry["key"], entry["workunits"], entry["aborts"]) == (0, None, 2, 0)
    assert json.loads(entry["arguments"]) == DEPLOY.words()
    assert json.loads(entry["answer"]) == answer
    assert door.broken() == {}


REFUSED = [
    (DeployExperiment(experiment="tiny_summ", workunits=1), UnknownName, "tiny_sum", 2),
    (DeployExperiment(experiment="tiny_sum", workunits=11), LimitReached, "10 of 10", 4),
    (CancelWorkunits(workunits=[7]), NotFound, "7", 3),
    (CancelWorkunits(workunits=[1, 2, 3, 4]), LimitReached, "4 aborts .* 3 of 3", 4),
    (RetireExperiment(experiment="missing"), UnknownName, "experiment", 2),
    (PublishExperiment(experiment="tiny_summ"), UnknownName, "tiny_sum", 2),
    (PublishExperiment(experiment="broken_sum"), ExperimentError, "Experimet", 1),
]


@pytest.mark.parametrize(("command", "error", "reason", "exit_code"), REFUSED)
def test_a_command_that_was_refused_is_audited_and_changed_nothing(door, command, error, reason, exit_code):
    before = door.stored()
    with pytest.raises(error, match=reason) as refused:
        door.submit(command, key="mine")
    assert refused.value.exit_code == exit_code
    assert door.stored() == before
    (entry,) = door.audited()
    assert (entry["command"], entry["outcome"], entry["key"]) == (command.name, "refused", None)
    assert json.loads(entry["answer"]) == {"error": str(refused.value)}
    assert door.broken() == {}


def test_a_caller_without_the_capability_is_refused_before_anything_is_prepared(door, caller):
    reader = replace(caller, name="Eve", capabilities=frozenset({Capability.READ, Capability.DEPLOY}))
    with pytest.raises(NotAllowed, match=r"Eve .* operate"):
        door.submit(PublishExperiment(experiment="broken_sum"), caller=reader)
    assert [entry["outcome"] for entry in door.audited()] == ["refused"]
    assert door.submit(DEPLOY, caller=reader)["workunits"] == 2


def test_a_dry_run_says_what_would_happen_and_changes_nothing_but_the_audit(door):
    door.submit(DEPLOY)
    for command in (DEPLOY, CancelWorkunits(workunits=[1, 2]), RetireExperiment(experiment="tiny_sum")):
        before = door.stored()
        would = door.submit(command, dry_run=True, key=command.name)
        assert would.pop("dry_run") is True
        assert door.stored() == before
        entry = door.audited()[-1]
        assert (entry["dry_run"], entry["key"], entry["outcome"]) == (1, None, "done")
        assert door.submit(command, key=command.name) == would
        assert door.stored() != before
        assert door.broken() == {}


def test_a_dry_run_costs_nothing_of_the_day_and_is_refused_as_the_real_one(door):
    for _ in range(3):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=10), dry_run=True)
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), dry_run=True)
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), key="once")
    # the key of what was refused is free
    assert door.submit(DeployExperiment(experiment="tiny_sum", workunits=10), key="once")["workunits"] == 10


def test_the_same_key_gives_the_first_answer_and_no_other_command(door, caller):
    first = door.submit(DEPLOY, key="once")
    before, audited = door.stored(), door.audited()
    door.lab.later(hours=3)
    assert door.submit(DEPLOY, key="once") == {**first, "repeated": True}
    assert (door.stored(), door.audited()) == (before, audited)
    for other in (DeployExperiment(experiment="tiny_sum", workunits=3), RetireExperiment(experiment="tiny_sum")):
        with pytest.raises(KeyReused, match=r"once.*experiment\.deploy") as refused:
            door.submit(other, key="once")
        assert refused.value.exit_code == 4
        entry = door.audited()[-1]
        assert (entry["command"], entry["outcome"], entry["key"]) == (other.name, "refused", None)
    assert door.stored() == before
    assert "repeated" not in door.submit(DEPLOY, key="once", caller=replace(caller, name="Bob"))


def test_the_limit_is_of_a_day(door):
    for _ in range(5):
        door.submit(DEPLOY)
        door.lab.later(hours=1)
    with pytest.raises(LimitReached, match="0 of 10"):
        door.submit(DEPLOY)
    door.lab.later(hours=19, minutes=1)  # the first of the five was a day ago
    assert door.submit(DEPLOY)["first"] == 11


def test_aborts_count_against_the_day_and_an_unknown_one_stops_them_all(door):
    def states():
        return door.look(lambda db: [workunit.state for workunit in workunits.workunits(db)])

    door.submit(DeployExperiment(experiment="tiny_sum", workunits=4))
    with pytest.raises(NotFound):
        door.submit(CancelWorkunits(workunits=[1, 9]))
    assert states() == ["open"] * 4
    assert door.submit(CancelWorkunits(workunits=[1, 2])) == {"cancelled": [1, 2], "closed_before": []}
    assert door.submit(CancelWorkunits(workunits=[1])) == {"cancelled": [], "closed_before": [1]}
    with pytest.raises(LimitReached, match="aborts"):
        door.submit(CancelWorkunits(workunits=[3]))
    assert states() == ["open", "open", "cancelled", "cancelled"]


def test_what_is_published_already_is_unchanged_or_mended_until_it_is_retired(door):
    publish = PublishExperiment(experiment="tiny_sum")
    answer = door.submit(publish)
    named = ("experiment", "version", "serial", "change")
    assert [answer[name] for name in named] == ["tiny_sum", 1, 1, "unchanged"]
    door.gate.writer.run(lambda db: db.execute("UPDATE blob SET body = x'00' WHERE body IS NOT NULL"))
    for stored in door.lab.folder.blobs.glob("??/*"):
        stored.unlink()
    assert door.submit(publish)["change"] == "mended"
    assert door.broken() == {}
    door.submit(DEPLOY)
    retired = door.submit(RetireExperiment(experiment="tiny_sum", reason="enough"))
    assert retired == {"experiment": "tiny_sum", "version": 1, "cancelled": 2}
    for command in (DEPLOY, RetireExperiment(experiment="tiny_sum"), publish):
        with pytest.raises(Withdrawn):
            door.submit(command)
    assert door.look(lambda db: {workunit.reason for workunit in workunits.workunits(db)}) == {"enough"}
    assert door.broken() == {}


def test_when_the_store_fails_while_a_command_is_done_nothing_is_audited(door):
    shutil.rmtree(door.lab.folder.blobs)
    door.lab.folder.blobs.touch()  # where the folder should be, so that no file can be stored
    with pytest.raises(StoreError):
        door.submit(PublishExperiment(experiment="large_sum"))
    assert door.audited() == []
    assert door.submit(DEPLOY)["workunits"] == 2  # the gate still stands


def test_a_file_of_ones_own_is_published_and_kept_and_its_alias_is_known(door, prepared):
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    text = source.replace('name="tiny_sum"', 'name="own_sum", aliases=("mine",)')
    for name, error in (("tiny_sum", Refused), ("other_sum", ExperimentError)):  # a shipped name, and not its own
        with pytest.raises(error):
            door.submit(PublishExperiment(experiment=name, text=text))
    command = PublishExperiment(experiment="own_sum", text=text)
    assert door.submit(command, dry_run=True)["change"] == "new experiment"
    assert not door.lab.folder.catalogue.exists()
    assert door.submit(command)["change"] == "new experiment"
    assert (door.lab.folder.catalogue / "own_sum.py").read_text() == text
    laboratory = door.gate.laboratory
    assert [file.stem for file in laboratory.experiment_files()] == ["broken_sum", "large_sum", "own_sum", "tiny_sum"]
    for name in ("own_sum", "mine"):
        assert door.submit(PublishExperiment(experiment=name))["change"] == "unchanged"
        assert door.submit(DeployExperiment(experiment=name, workunits=1))["experiment"] == "own_sum"
    assert text not in json.dumps(door.audited())
    assert door.submit(RetireExperiment(experiment="mine"))["experiment"] == "own_sum"
    assert door.broken() == {}


def test_an_order_that_fits_no_ticket_is_refused(door):
    door.gate.writer.run(lambda db: db.execute(LONGER))
    with pytest.raises(TicketTooLong):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1))
    assert door.look(workunits.workunits) == []
