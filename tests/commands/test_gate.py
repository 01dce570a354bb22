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
    (DeployExperiment(experiment="tiny_summ", workunits=1), UnknownName, "Did you mean tiny_sum?", 2),
    (DeployExperiment(experiment="tiny_sum", workunits=11), LimitReached, "has 10 of 10 left today", 4),
    (CancelWorkunits(workunits=[7]), NotFound, "There is no workunit 7", 3),
    (CancelWorkunits(workunits=[1, 2, 3, 4]), LimitReached, "asks for 4 aborts and has 3 of 3 left", 4),
    (RetireExperiment(experiment="missing"), UnknownName, "published experiment", 2),
    (PublishExperiment(experiment="tiny_summ"), UnknownName, "Did you mean tiny_sum?", 2),
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
    with pytest.raises(NotAllowed, match=r"Eve may not operate; experiment\.publish needs that\."):
        door.submit(PublishExperiment(experiment="broken_sum"), caller=reader)
    assert [entry["outcome"] for entry in door.audited()] == ["refused"]
    assert door.submit(DEPLOY, caller=reader)["workunits"] == 2


@pytest.mark.parametrize(
    "command",
    [DEPLOY, RetireExperiment(experiment="tiny_sum"), CancelWorkunits(workunits=[1, 2])],
    ids=lambda command: command.name,
)
def test_a_dry_run_says_what_would_happen_and_changes_nothing_but_the_audit(door, command):
    door.submit(DEPLOY)
    before = door.stored()
    would = door.submit(command, dry_run=True, key="mine")
    assert would.pop("dry_run") is True
    assert door.stored() == before
    entry = door.audited()[-1]
    assert (entry["dry_run"], entry["key"], entry["outcome"]) == (1, None, "done")
    assert door.submit(command, key="mine") == would
    assert door.stored() != before
    assert door.broken() == {}


def test_a_dry_run_costs_nothing_of_the_day(door):
    for _ in range(3):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=10), dry_run=True)
    assert door.submit(DeployExperiment(experiment="tiny_sum", workunits=10))["workunits"] == 10


def test_a_dry_run_that_would_be_refused_is_refused(door):
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), dry_run=True)


def test_the_same_key_gives_the_first_answer_and_does_nothing(door):
    first = door.submit(DEPLOY, key="once")
    before, audited = door.stored(), door.audited()
    door.lab.later(hours=3)
    assert door.submit(DEPLOY, key="once") == {**first, "repeated": True}
    assert (door.stored(), door.audited()) == (before, audited)


@pytest.mark.parametrize(
    "other", [DeployExperiment(experiment="tiny_sum", workunits=3), RetireExperiment(experiment="tiny_sum")]
)
def test_the_same_key_with_other_words_is_refused(door, other):
    door.submit(DEPLOY, key="once")
    before = door.stored()
    with pytest.raises(KeyReused, match=r"'once' belongs to another experiment\.deploy") as refused:
        door.submit(other, key="once")
    assert refused.value.exit_code == 4
    assert door.stored() == before
    assert [(entry["command"], entry["outcome"], entry["key"]) for entry in door.audited()] == [
        ("experiment.deploy", "done", "once"),
        (other.name, "refused", None),
    ]


def test_keys_of_different_callers_are_different(door, caller):
    door.submit(DEPLOY, key="once")
    assert "repeated" not in door.submit(DEPLOY, key="once", caller=replace(caller, name="Bob"))


def test_the_key_of_a_refused_command_is_free(door):
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), key="once")
    assert door.submit(DEPLOY, key="once")["workunits"] == 2


def test_the_limit_is_of_a_day(door):
    for _ in range(5):
        door.submit(DEPLOY)
        door.lab.later(hours=1)
    with pytest.raises(LimitReached, match="has 0 of 10 left today"):
        door.submit(DEPLOY)
    door.lab.later(hours=19, minutes=1)  # the first of the five was a day ago
    assert door.submit(DEPLOY)["first"] == 11


def test_aborts_count_against_the_day(door):
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=4))
    assert door.submit(CancelWorkunits(workunits=[1, 2])) == {"cancelled": [1, 2], "closed_before": []}
    assert door.submit(CancelWorkunits(workunits=[1])) == {"cancelled": [], "closed_before": [1]}
    with pytest.raises(LimitReached, match="aborts"):
        door.submit(CancelWorkunits(workunits=[3]))
    states = door.look(lambda db: [found.state for found in workunits.workunits(db)])
    assert states == ["open", "open", "cancelled", "cancelled"]


def test_one_unknown_workunit_leaves_the_others_alone(door):
    door.submit(DEPLOY)
    with pytest.raises(NotFound):
        door.submit(CancelWorkunits(workunits=[1, 9]))
    assert door.look(lambda db: [found.state for found in workunits.workunits(db)]) == ["open", "open"]


def test_a_retired_experiment_is_not_ordered_of(door):
    door.submit(DEPLOY)
    retired = door.submit(RetireExperiment(experiment="tiny_sum", reason="enough"))
    assert retired == {"experiment": "tiny_sum", "version": 1, "cancelled": 2}
    for command in (DEPLOY, RetireExperiment(experiment="tiny_sum"), PublishExperiment(experiment="tiny_sum")):
        with pytest.raises(Withdrawn, match="is retired"):
            door.submit(command)
    assert door.look(lambda db: {found.reason for found in workunits.workunits(db)}) == {"enough"}
    assert door.broken() == {}


def test_what_is_published_already_is_unchanged(door):
    answer = door.submit(PublishExperiment(experiment="tiny_sum"))
    assert (answer["experiment"], answer["version"], answer["serial"], answer["change"]) == (
        "tiny_sum",
        1,
        1,
        "unchanged",
    )


def test_a_bundle_whose_bytes_were_lost_is_published_again(door):
    door.gate.writer.run(lambda db: db.execute("UPDATE blob SET body = x'00' WHERE body IS NOT NULL"))
    for stored in door.lab.folder.blobs.glob("??/*"):
        stored.unlink()
    assert door.submit(PublishExperiment(experiment="tiny_sum"))["change"] == "mended"
    assert door.broken() == {}


def test_when_the_store_fails_while_a_command_is_done_nothing_is_audited(door):
    shutil.rmtree(door.lab.folder.blobs)
    door.lab.folder.blobs.touch()  # where the folder should be, so that no file can be stored
    with pytest.raises(StoreError, match="could not be stored"):
        door.submit(PublishExperiment(experiment="large_sum"))
    assert door.audited() == []
    assert door.submit(DEPLOY)["workunits"] == 2  # the gate still stands


def own(source: bytes) -> str:
    return source.decode().replace('name="tiny_sum"', 'name="own_sum", aliases=("mine",)')


def test_a_file_of_ones_own_is_published_and_kept_and_its_alias_is_known(door, prepared):
    text = own(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
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


def test_a_file_of_ones_own_takes_no_shipped_name_and_no_other(door, prepared):
    text = own(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
    for name, error, reason in (
        ("tiny_sum", Refused, "Axiom brings along"),
        ("other_sum", ExperimentError, "name the file like it"),
    ):
        with pytest.raises(error, match=reason):
            door.submit(PublishExperiment(experiment=name, text=text))
    assert not door.lab.folder.catalogue.exists()


def test_an_order_that_fits_no_ticket_is_refused(door):
    door.gate.writer.run(lambda db: db.execute(LONGER))
    with pytest.raises(TicketTooLong, match="order fewer replicates"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1))
    assert door.look(workunits.workunits) == []
