"""Where no sandbox can be entered, nothing that somebody brought is run. Axiom's own is, and a person's own file."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tiny_experiment import tiny_source

import axiom
from axiom import shipped
from axiom.cli.experiment.manifests import file_of, manifest_of
from axiom.domain.callers import Caller
from axiom.domain.operators import SiteOperator
from axiom.domain.preflights import StoredDraft
from axiom.errors import NoSandbox
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.experiments.commands.jobs import publish_catalogue
from axiom.laboratory.experiments.preflight import pack_in_sandbox
from axiom.laboratory.proposals.commands.proposals import _pack
from axiom.laboratory.registrations.commands import price_published_configs
from axiom.service import standard_callers as callers

SHIPPED = "test_deploy"
TEXT = tiny_source(name="own_sum")


@pytest.fixture
def bare(door, monkeypatch, tmp_path):
    """A laboratory with the catalogue that Axiom ships, on a computer without bubblewrap."""
    laboratory = replace(
        door.gate.laboratory, package=Path(axiom.__file__).parent, catalogue=shipped.catalogue_folder()
    )
    program = door.let_in()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return replace(door, gate=replace(door.gate, laboratory=laboratory)), program


def site_operator() -> Caller:
    now = datetime.now(UTC)
    return SiteOperator(name="bo", volunteer_id=1, serial=1, used_step=0, created_at=now, ended_at=None).caller


def kept_text(door):
    """The text lies among the laboratory's files, where a program's lies once it was published."""
    file = door.lab.folder.catalogue / "own_sum.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(TEXT)
    return file


def test_no_caller_s_text_is_run_at_any_door(bare):
    door, program = bare
    brought = PublishExperiment(experiment="own_sum", text=TEXT)
    for caller in (program, site_operator(), callers.laboratory_caller(2)):
        with pytest.raises(NoSandbox, match="apt-get install bubblewrap"):
            door.submit(brought, caller=caller)
    file = kept_text(door)
    for caller in (program, callers.operator_caller(), callers.laboratory_caller(2)):
        with pytest.raises(NoSandbox):
            door.submit(PublishExperiment(experiment="own_sum"), caller=caller)
    told = {"author": "ada", "digest": "", "refusals": (), "created_at": datetime.now(UTC)}
    draft = StoredDraft(number=1, name="own_sum", text=TEXT, **told)
    for ask in (
        lambda: _pack(door.gate.laboratory, draft),
        lambda: pack_in_sandbox(door.gate.laboratory.package, file),
        lambda: manifest_of(file_of("own_sum", door.lab.folder), door.lab.folder),
        lambda: price_published_configs(door.gate.laboratory, "tiny_sum@1", [{"size": 3, "shift": 0}]),
    ):
        with pytest.raises(NoSandbox):
            ask()
    assert "own_sum" not in door.look(lambda db: {row["name"] for row in db.select("SELECT name FROM experiment")})


def test_the_catalogue_is_published_and_asked_and_a_person_s_own_file_is_run(bare):
    door, _ = bare
    laboratory = door.gate.laboratory
    kept_text(door)
    gate = replace(door.gate, laboratory=replace(laboratory, settings=replace(laboratory.settings, only=SHIPPED)))
    publish_catalogue(gate, callers.laboratory_caller(2), lambda: False)
    assert door.look(lambda db: {row["name"] for row in db.select("SELECT name FROM experiment")}) >= {SHIPPED}
    ((_, seconds),) = price_published_configs(laboratory, SHIPPED, [{"dimension": 3, "points": 50_000_000}])
    assert seconds > 0
    own = door.submit(PublishExperiment(experiment="own_sum", text=TEXT), caller=callers.operator_caller())
    assert own["change"] == "new experiment"
