"""A program mends an experiment that Axiom brings along: tried, shown with what hangs on it, and approved."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from read_page import read_page

from axiom.domain.proposals import AUTOPILOT
from axiom.domain.registrations import forecaster_name, read_registration_body
from axiom.errors import Refused, Withdrawn, WrongUse
from axiom.laboratory.experiments import drafts as try_draft
from axiom.laboratory.experiments import published_files
from axiom.laboratory.experiments.catalogue_files import find_file, list_contested_files
from axiom.laboratory.experiments.commands.drafts import ProposeDraft, ReportDraft, TryDraft, WriteDraft
from axiom.laboratory.experiments.commands.experiments import PublishExperiment, RetireExperiment
from axiom.laboratory.experiments.preflight import preflight_secret
from axiom.laboratory.experiments.preflight_report import write_preflight_report
from axiom.laboratory.experiments.publish import WAITS, find_wanted_seal, pack_experiment
from axiom.laboratory.keys import seal_bundles
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.proposals.commands.proposals import AdmitProposal, ApproveProposal
from axiom.laboratory.rounds.rounds import take_next_step
from axiom.runner.child.pause import PauseGate
from axiom.settings import Settings
from axiom.signed.bundles import write_seal
from axiom.store.engine.database import connect_reader
from axiom.store.engine.folder import write_file_atomically
from axiom.store.experiments import drafts, experiments
from axiom.store.registrations import registrations
from axiom.store.rounds import rounds

SOUND = (Path(__file__).parents[2] / "preflight" / "sound.py").read_text()
BROKEN = SOUND.replace(
    "    weights = np", "    if config.inputs == 8:\n        raise KeyError('los')\n    weights = np"
)
AUTHOR = "program:curie"


@pytest.fixture
def mending(door, tmp_path):
    """Axiom brings the file along with a fault at one config, and it is published."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "sound.py").write_text(BROKEN)
    laboratory = replace(door.gate.laboratory, catalogue=shipped)
    mended = replace(door, gate=replace(door.gate, laboratory=laboratory))
    mended.submit(PublishExperiment(experiment="sound"))
    return mended


def tried(door, text: str, author: str = AUTHOR) -> int:
    """A draft of this text, after a real preflight."""
    number = door.submit(WriteDraft(experiment="sound", text=text, by=author))["draft"]
    door.submit(TryDraft(draft=number, by=author))
    secret = preflight_secret(door.lab.keys.ticket)
    with closing(connect_reader(door.lab.folder.database)) as db:
        draft, published = drafts.find_draft(db, number), try_draft.read_published_bundle(db, door.lab.folder, "sound")
    attempt, declaration = try_draft.preflight_draft(
        door.gate.laboratory.package, draft, secret, PauseGate(), published
    )
    door.submit(ReportDraft(draft=number, report=write_preflight_report(attempt), declaration=declaration))
    return number


def failed_gate(door, number: int) -> str:
    gates = door.look(lambda db: drafts.find_draft(db, number)).gates
    return next((gate["name"] for gate in gates if gate["state"] == "failed"), "")


def propose(door, number: int, author: str = AUTHOR) -> int:
    words = {"estimand": "many_minus_few", "motivation": "The key is 'loss'.", "by": author}
    return door.submit(ProposeDraft(draft=number, **words))["proposal"]


def used(door) -> Path:
    return find_file(door.gate.laboratory, "sound")


def forecasters(door, experiment_id: int) -> list:
    """Whose the forecasts are that a version was registered with."""
    (registration,) = door.look(lambda db: registrations.read_registrations(db, experiment_id))
    return [forecast["forecaster"] for forecast in read_registration_body(registration.body).document["predictions"]]


def log_of(door) -> list:
    """The lines of a session that is held now."""

    def hold(db) -> int:
        while True:
            done = take_next_step(
                db, policy_from_settings(Settings()), pi="autopilot", reason="a test", now=door.lab.now
            )
            if done.ended:
                return done.round.id

    door.lab.later(seconds=1)
    session = door.gate.writer.run(hold)
    return door.look(lambda db: [note for _, note in rounds.list_round_notes(db, session)])


def test_a_text_with_the_same_numbers_takes_the_place_of_the_same_version(mending):
    mending.submit(RetireExperiment(experiment="sound@1", reason="7 of 7 tasks failed"))
    number = tried(mending, SOUND)
    unproposed = read_page(mending, f"/drafts/{number}")["draft"]
    proposal = propose(mending, number)
    shown = read_page(mending, f"/proposals/{proposal}")
    draft = shown["draft"]
    costs = [row["most_core_hours"] for row in (unproposed, draft, shown["proposal"])]
    assert costs == [0.0] * 3  # it asks nothing that is not registered
    assert "-        raise KeyError('los')" in draft["diff"]
    touched = draft["blast_radius"]
    assert len(touched["registrations"]) == 1
    assert len(touched["findings"]) == 1
    assert touched["volunteers"] == 0
    mending.submit(ApproveProposal(proposal=proposal, why="so it is meant", by="Ada"))
    version = mending.look(lambda db: experiments.find_experiment_by_name(db, "sound"))
    bundle = mending.look(lambda db: experiments.find_newest_bundle(db, version.id))
    assert version.version == 1
    assert version.status == "open"
    assert bundle.serial == 2
    assert used(mending).parent == mending.lab.folder.catalogue
    assert mending.submit(PublishExperiment(experiment="sound"))["change"] == "unchanged"
    (note,) = [note for note in log_of(mending) if note.kind == "repair.approved"]
    assert (note.facts["mends"], note.facts["by"], note.facts["findings"]) == ("sound@1", "Ada", 1)
    assert "raise KeyError('los')" in note.facts["changes"]
    assert mending.broken() == {}


def sealed_elsewhere(mending, proposal: int):
    """Approve it where the keys are not, and bring the seal afterwards; between the two, `yield`."""
    lab, laboratory = mending.lab, mending.gate.laboratory
    laboratory = replace(laboratory, keys=replace(lab.keys, sealers=()))
    keyless = replace(mending, gate=replace(mending.gate, laboratory=laboratory))
    approved = keyless.submit(ApproveProposal(proposal=proposal, why="so it is meant", by="Ada"))
    assert approved["change"] == WAITS
    yield
    how = {"trust": lab.keys.trust, "good_for": laboratory.bundle_good_for, "now": lab.now}
    package, files = laboratory.package, [used(mending)]
    assert (
        mending.look(lambda db: [*seal_bundles.list_unsealed_experiments(db, lab.folder, package, files, **how)]) != []
    )
    mended = pack_experiment(package, used(mending))
    seal = mending.look(lambda db: find_wanted_seal(db, mended, **how))
    write_file_atomically(seal_bundles.unsealed_archive_path(lab.folder, mended.digest), mended.archive)
    text = write_seal(seal, *lab.keys.sealers)
    mending.gate.writer.run(
        lambda db: seal_bundles.publish_sealed_bundle(db, lab.folder, text, lab.keys.trust, lab.now)
    )


def test_where_keys_are_elsewhere_the_seal_of_a_mended_text_opens_what_is_retired(mending):
    mending.submit(RetireExperiment(experiment="sound@1", reason="7 of 7 tasks failed"))
    for _ in sealed_elsewhere(mending, propose(mending, tried(mending, SOUND))):
        assert mending.look(lambda db: experiments.find_experiment_by_name(db, "sound").status) == "retired"
    version = mending.look(lambda db: experiments.find_experiment_by_name(db, "sound"))
    assert version.status == "open"
    assert mending.look(lambda db: experiments.find_newest_bundle(db, version.id)).serial == 2
    mending.lab.later(seconds=1)
    mending.submit(RetireExperiment(experiment="sound@1", reason="it was enough"))
    with pytest.raises(Withdrawn):
        mending.submit(PublishExperiment(experiment="sound"))


def test_where_keys_are_elsewhere_the_autopilot_foretells_a_version_and_its_seal(mending):
    for _ in sealed_elsewhere(mending, propose(mending, tried(mending, SOUND.replace("version=1", "version=2")))):
        assert mending.look(lambda db: experiments.find_experiment_by_name(db, "sound").version) == 1
    version = mending.look(lambda db: experiments.find_experiment_by_name(db, "sound"))
    assert version.version == 2
    later = mending.look(lambda db: db.select("SELECT forecaster FROM prediction WHERE hash IS NOT NULL"))
    assert [row["forecaster"] for row in later] == [forecaster_name(AUTOPILOT, "sound@1")]


def test_a_text_with_other_numbers_is_another_version_with_a_registration_of_its_own(mending):
    other = SOUND.replace("signal * classes", "signal * 1.1 * classes")
    assert failed_gate(mending, tried(mending, other)) == "G3"
    (before,) = forecasters(mending, 1)
    newer = tried(mending, other.replace("version=1", "version=2"))
    mending.submit(ApproveProposal(proposal=propose(mending, newer), why="so it is meant", by="Ada"))
    versions = [version for version in mending.look(experiments.list_experiment_versions) if version.name == "sound"]
    assert [(version.version, version.status) for version in versions] == [(1, "retired"), (2, "open")]
    assert mending.look(lambda db: len(registrations.read_registrations(db, versions[1].id))) == 1
    listed = read_page(mending, "/experiments")["experiments"]
    authors = {row["version"]: row["author"] for row in listed if row["name"] == "sound"}
    assert authors == {1: None, 2: AUTHOR}
    assert before in forecasters(mending, versions[1].id)  # it stays its author's
    bolder = other.replace("version=1", "version=3").replace(
        "positive=0.95, negative=0.01", "positive=0.94, negative=0.02"
    )
    mending.submit(ApproveProposal(proposal=propose(mending, tried(mending, bolder)), why="so it is meant", by="Ada"))
    assert f"{AUTHOR}, informed" in forecasters(mending, mending.look(experiments.list_experiment_versions)[-1].id)


def test_a_text_of_another_author_hinders_nobody_and_is_tried_beside_the_older(mending):
    number = tried(mending, SOUND)
    other = tried(mending, SOUND.replace("One cell:", "One mended cell:"), "program:noether")
    mending.lab.later(seconds=1)
    mending.submit(ApproveProposal(proposal=propose(mending, number), why="so it is meant", by="Ada"))
    with pytest.raises(Refused):
        propose(mending, other, "program:noether")
    assert tried(mending, SOUND.replace("One cell:", "One mended cell:"), "program:noether") == other
    assert propose(mending, other, "program:noether")


def test_what_axiom_brings_later_neither_wins_nor_loses_unseen(mending):
    mending.submit(ApproveProposal(proposal=propose(mending, tried(mending, SOUND)), why="so it is meant", by="Ada"))
    shipped, own = mending.gate.laboratory.catalogue, mending.lab.folder.catalogue
    (shipped / "sound.py").write_text(SOUND.replace("a little?", "a very little?"))  # the same version
    (file,) = list_contested_files(shipped, own)
    assert file.name == "sound"
    assert file.own == 1
    assert file.shipped == 1
    assert file.is_own
    assert used(mending).parent == own
    (shipped / "sound.py").write_text(SOUND.replace("version=1", "version=2"))
    assert (list_contested_files(shipped, own)[0].is_own, used(mending).parent) == (False, shipped)
    assert mending.submit(PublishExperiment(experiment="sound"))["version"] == 2
    # a backup has no files: what was mended is laid out again, and what Axiom brings along is not
    (shipped / "sound.py").write_text(BROKEN)
    (own / "sound.py").unlink()
    assert (
        mending.look(lambda db: published_files.write_published_files(db, mending.lab.folder, {"sound", "tiny_sum"}))
        == []
    )


def test_what_was_mended_is_laid_out_again_where_its_file_is_lost(mending):
    mending.submit(ApproveProposal(proposal=propose(mending, tried(mending, SOUND)), why="so it is meant", by="Ada"))
    used(mending).unlink()
    assert mending.look(
        lambda db: published_files.write_published_files(db, mending.lab.folder, {"sound", "tiny_sum"})
    ) == ["sound"]
    assert used(mending).read_text() == SOUND


def test_a_program_mends_what_is_not_its_own_only_with_a_person(mending):
    laboratory = replace(mending.gate.laboratory, settings=Settings(scientist_code="own"))
    own = replace(mending, gate=replace(mending.gate, laboratory=laboratory))
    number = tried(mending, SOUND)
    proposal = propose(mending, number)
    assert own.submit(AdmitProposal())["proposal"] is None
    mending.submit(ApproveProposal(proposal=proposal, why="so it is meant", by="Ada"))
    propose(mending, tried(mending, SOUND.replace("One cell:", "One mended cell:")))
    assert own.submit(AdmitProposal())["proposal"] is None
    new = mending.submit(WriteDraft(experiment="sound_2", text=SOUND.replace('"sound"', '"sound_2"'), by=AUTHOR))
    with pytest.raises(WrongUse):  # a new question says what each outcome would change
        propose(mending, new["draft"])
    with pytest.raises(Refused):
        propose(mending, number)


def test_a_new_question_under_a_published_name_is_not_blind(mending):
    text = SOUND.replace("version=1", "version=2")
    number = mending.submit(WriteDraft(experiment="sound", text=text, by=AUTHOR))["draft"]
    mending.gate.writer.run(lambda db: db.execute("DELETE FROM kin"))  # as if it computed something else
    assert "sound@1" in read_page(mending, f"/drafts/{number}")["draft"]["informed"]
    mending.submit(TryDraft(draft=number, by=AUTHOR))
    assert "sound@1" in mending.look(lambda db: drafts.find_draft(db, number)).informed


def test_code_of_a_name_that_was_published_since_it_was_proposed_waits_for_a_person(mending):
    laboratory = replace(mending.gate.laboratory, settings=Settings(scientist_code="own"))
    own = replace(mending, gate=replace(mending.gate, laboratory=laboratory))
    propose(mending, tried(mending, SOUND))
    mending.gate.writer.run(lambda db: db.execute("UPDATE proposal SET body = json_set(body, '$.mends', '')"))
    assert own.submit(AdmitProposal())["proposal"] is None
