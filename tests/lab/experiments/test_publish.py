"""A file becomes a signed bundle, and what it asks is registered before anything of it is ordered."""

import functools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import axiom
from axiom.domain.work import TaskState, WorkunitState
from axiom.errors import BundleAltered, BundleForeign, ExperimentError, NotFound, Refused, Withdrawn
from axiom.lab.experiments import seal as seals
from axiom.lab.experiments.publish import is_sealed, packed_before, prepare, publish, wanted_seal
from axiom.runner.direct import describe_files
from axiom.signed import key_rotation
from axiom.signed.bundles import contents, open_bundle, read_seal, write_seal
from axiom.signed.keys import load_keys, make_keys
from axiom.signed.trust import Role
from axiom.store.engine import blobs
from axiom.store.engine.folder import keep
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.tasks import workunits

PACKAGE = Path(axiom.__file__).parent


@pytest.fixture
def source(tmp_path, prepared):
    """Writes an experiment's file."""

    def write(replacing=("", ""), name="tiny_sum"):
        text = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
        file = tmp_path / f"{name}.py"
        file.write_text(text.replace(*replacing))
        return file

    return write


def test_the_same_sources_are_the_same_bytes_and_start_no_child(source):
    started = []

    def describe(files, modules):
        started.append(modules)
        return describe_files(files, modules)

    first = prepare(PACKAGE, source(), describe)
    assert len(started) == 1
    known = functools.partial(packed_before, first.archive)
    assert prepare(PACKAGE, source(), describe, known=known) == first
    assert len(started) == 1
    changed = prepare(PACKAGE, source(("Adds up.", "Adds up, well.")), describe, known=known)
    assert len(started) == 2
    assert changed.digest != first.digest
    assert changed.declaration == first.declaration


@pytest.mark.parametrize(
    ("name", "replacing", "problem"),
    [
        ("tiny_sum", ("experiment = Experiment(", "experiment = Experimet("), "Experimet"),
        ("tiny_sum", ("version=1", "version=0"), "version 0 must be 1 or more"),
        ("other_sum", ("", ""), "name the file like it"),
    ],
)
def test_a_file_that_declares_nothing_sound_is_refused(source, name, replacing, problem):
    file = source(replacing, name)
    with pytest.raises(ExperimentError, match=problem):
        prepare(PACKAGE, file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ExperimentError, match="There is no experiment file"):
        prepare(PACKAGE, tmp_path / "missing.py")


def test_a_new_experiment_is_stored_signed_and_registered(small_lab, prepared):
    made = prepared()
    published = small_lab.publish(made)
    assert (published.change, published.serial, published.digest) == ("new experiment", 1, made.digest)
    stored = experiments.by_id(small_lab.db, published.experiment_id)
    assert (stored.name, stored.version, stored.manifest) == ("tiny_sum", 1, made.declaration)
    bundle = experiments.bundle_now(small_lab.db, stored.id)
    seal = read_seal(bundle.seal, trust=small_lab.keys.trust, now=small_lab.now)
    assert open_bundle(blobs.get(small_lab.db, small_lab.folder, bundle.digest), seal)["manifest.json"]
    assert seal.expires == bundle.expires_at == small_lab.now + timedelta(days=90)
    body = json.loads(registrations.registrations(small_lab.db, stored.id)[-1].body)
    assert (body["configs"], body["expected_seconds"]) == ([{"size": 1}, {"size": 2}], [1.0, 1.0])
    assert small_lab.db.one("SELECT estimand, forecaster, positive FROM prediction") == {
        "estimand": "grows",
        "forecaster": "catalogue, informed",
        "positive": 0.8,
    }
    assert small_lab.broken() == {}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"censored": 1.0}, "grows counts a time-out as 1"),
        ({"kind": "slope", "across": "size", "between": [], "exchangeable": True}, "not evenly spaced"),
    ],
)
def test_what_could_not_be_weighed_as_it_is_said_is_not_published(small_lab, prepared, changes, problem):
    made = prepared(sizes=(1, 2, 9))
    (estimand,) = made.manifest.estimands
    manifest = replace(made.manifest, estimands=({**estimand, **changes},))
    wrong = replace(made, manifest=manifest, declaration=json.dumps(manifest.as_data()))
    before = whole(small_lab)
    with pytest.raises(Refused, match=problem):
        small_lab.publish(wrong)
    assert whole(small_lab) == before


@pytest.mark.parametrize("seconds", [1e308, 1.1e9])
def test_what_nobody_could_ever_compute_is_not_published(small_lab, prepared, seconds):
    made = prepared()
    wrong = replace(made, manifest=replace(made.manifest, cell_seconds=(1.0, seconds)))
    before = whole(small_lab)
    with pytest.raises(Refused, match=r"declares 1\S+ s of a processor for one cell, and no cell"):
        small_lab.publish(wrong)
    assert whole(small_lab) == before
    small_lab.publish(made)
    assert small_lab.publish(wrong).change == "unchanged"  # the same bytes: what is published already stays in force


def whole(lab) -> list:
    tables = sorted(lab.db.tables())
    return [lab.db.select(f"SELECT * FROM {table}") for table in tables]  # noqa: S608  our own tables


def test_publishing_again_changes_nothing(small_lab, prepared):
    small_lab.publish(prepared())
    before = whole(small_lab)
    small_lab.later(days=1)
    assert small_lab.publish(prepared()).change == "unchanged"
    assert whole(small_lab) == before


def test_a_seal_is_renewed_when_a_third_of_its_time_is_left(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.later(days=59)
    assert small_lab.publish(prepared()).change == "unchanged"
    small_lab.later(days=2)
    assert small_lab.publish(prepared()).change == "renewed"
    bundle = experiments.bundle_now(small_lab.db, 1)
    assert bundle.expires_at == small_lab.now + timedelta(days=90)
    seal = read_seal(bundle.seal, trust=small_lab.keys.trust, now=small_lab.now + timedelta(days=89))
    assert (seal.serial, seal.digest) == (1, prepared().digest)
    assert small_lab.broken() == {}


def test_a_seal_that_ran_out_is_renewed(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.later(days=200)
    assert small_lab.publish(prepared()).change == "renewed"
    assert experiments.bundle_now(small_lab.db, 1).expires_at > small_lab.now


def test_a_repair_is_the_next_bundle_of_the_same_version_and_reaches_what_waits(working_lab, prepared):
    repaired = prepared(top="REPAIRED = True")
    published = working_lab.publish(repaired)
    assert (published.experiment_id, published.serial, published.change) == (1, 2, "new bundle")
    assert working_lab.order(1).bundle == repaired.digest
    assert working_lab.db.one("SELECT count(*) AS n FROM registration")["n"] == 1
    assert working_lab.broken() == {}


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"sizes": (1, 2, 3)}, "configs"), ({"smallest": 0.2}, "estimands")],
)
def test_another_question_needs_another_version(working_lab, prepared, changes, what):
    before = whole(working_lab)
    with pytest.raises(Refused, match=f"registered with other {what}. .* raise `version`"):
        working_lab.publish(prepared(**changes))
    assert whole(working_lab) == before


@pytest.mark.parametrize("name", ["factors", "measures"])
def test_other_factors_or_measures_need_another_version_too(working_lab, prepared, name):
    made = prepared()
    declared = json.loads(made.declaration)
    declared[name] = {"width": "int"} if name == "factors" else declared[name][:1]
    changed = replace(made, declaration=json.dumps(declared), archive=made.archive + b"x")
    with pytest.raises(Refused, match=f"registered with other {name}"):
        working_lab.publish(changed)


def test_a_question_may_be_told_better(working_lab, prepared):
    made = prepared()
    declared = json.loads(made.declaration)
    declared["estimands"][0] |= {"claim": "larger sizes have larger totals", "if_so": "Larger sizes have larger totals"}
    told = replace(made, declaration=json.dumps(declared), archive=made.archive + b"x")
    assert working_lab.publish(told).change == "new bundle"
    assert working_lab.db.one("SELECT count(*) AS n FROM registration")["n"] == 1


def test_a_new_version_withdraws_what_is_open_of_the_old_one(working_lab, prepared):
    out = working_lab.order(1)
    working_lab.deploy()
    published = working_lab.publish(prepared(version=2, sizes=(3, 4)))
    assert (published.experiment_id, published.serial, published.change) == (2, 1, "new experiment")
    assert experiments.by_id(working_lab.db, 1).status == "retired"
    assert {found.state for found in workunits.workunits(working_lab.db)} == {WorkunitState.CANCELLED}
    assert [task.state for task in workunits.tasks(working_lab.db)] == [TaskState.ABORTED, TaskState.SENT]
    working_lab.report(out, working_lab.output(out))
    working_lab.validate()
    assert workunits.task(working_lab.db, out.task).state is TaskState.VALID  # what is out may come back and is kept
    working_lab.deploy(2)
    assert working_lab.order(1).bundle == published.digest
    assert working_lab.broken() == {}


@pytest.mark.parametrize("was_published", [True, False])
def test_an_older_version_is_refused_after_a_newer_one(small_lab, prepared, was_published):
    if was_published:
        small_lab.publish(prepared())
    small_lab.publish(prepared(version=2))
    before = whole(small_lab)
    with pytest.raises(Refused, match="is at version 2 here, and the file says 1"):
        small_lab.publish(prepared())
    assert whole(small_lab) == before


def test_a_new_version_of_a_retired_experiment_is_open(small_lab, prepared):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        experiments.retire(small_lab.db, 1, small_lab.now)
    small_lab.publish(prepared(version=2))
    assert experiments.by_name(small_lab.db, "tiny_sum").status == "open"


def test_the_registration_says_when_it_stops_and_what_was_predicted(small_lab, prepared):
    small_lab.publish(prepared())
    body = json.loads(registrations.registrations(small_lab.db, 1)[-1].body)
    assert (body["stopping"]["rule"], body["stopping"]["replicates"]) == ("settled", 256)
    assert [(said["estimand"], said["forecaster"]) for said in body["predictions"]] == [
        ("grows", "catalogue, informed")
    ]
    small_lab.db.execute("UPDATE prediction SET positive = 0.99")
    assert list(small_lab.broken()) == ["I12"]


def test_a_bundle_whose_bytes_were_lost_is_mended(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.db.execute("UPDATE blob SET body = x'00'")
    assert "I11" in small_lab.broken()
    assert small_lab.publish(prepared()).change == "mended"
    assert small_lab.broken() == {}


def test_what_was_retired_is_not_published_again(small_lab, prepared):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        experiments.retire(small_lab.db, 1, small_lab.now)
    before = whole(small_lab)
    with pytest.raises(Withdrawn, match=r"version 1 is retired, .* raise `version`") as refused:
        small_lab.publish(prepared())
    assert refused.value.exit_code == 4
    assert whole(small_lab) == before


def without_bundle_keys(lab):
    return replace(lab, keys=replace(lab.keys, sealers=()))


def published_without(lab, made):
    """What comes of publishing where the bundle keys are not."""
    with lab.db.transaction():
        keys, good_for = without_bundle_keys(lab).keys, timedelta(days=90)
        return publish(lab.db, lab.folder, made, keys=keys, good_for=good_for, now=lab.now)


def test_without_bundle_keys_nothing_is_stored_and_it_waits_for_a_seal(small_lab, prepared):
    before = whole(small_lab)
    published = published_without(small_lab, prepared())
    assert (published.change, published.serial, published.experiment_id) == ("waits for a seal", 1, None)
    assert whole(small_lab) == before


def test_without_bundle_keys_what_is_sealed_stays_published_until_its_seal_runs_out(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.later(days=80)
    assert published_without(small_lab, prepared()).change == "unchanged"
    repaired = published_without(small_lab, prepared(top="REPAIRED = True"))
    assert (repaired.change, repaired.serial, repaired.experiment_id) == ("waits for a seal", 2, 1)
    small_lab.later(days=20)
    assert published_without(small_lab, prepared()).change == "waits for a seal"


def seal_of(lab, made, **changes):
    wanted = wanted_seal(lab.db, made, trust=lab.keys.trust, good_for=timedelta(days=90), now=lab.now)
    keep(seals.archive_path(lab.folder, made.digest), made.archive)
    return write_seal(replace(wanted, **changes), *lab.keys.sealers)


def take(lab, text):
    with lab.db.transaction():
        return seals.take(lab.db, lab.folder, text, lab.keys.trust, lab.now)


def test_a_seal_that_was_brought_publishes_registers_and_renews(small_lab, prepared):
    made = prepared()
    assert take(small_lab, seal_of(small_lab, made)).change == "new experiment"
    assert registrations.registrations(small_lab.db, 1) != []
    small_lab.later(days=70)
    assert take(small_lab, seal_of(small_lab, made)).change == "renewed"
    assert take(small_lab, seal_of_now(small_lab, made)).change == "unchanged"
    repaired = prepared(top="REPAIRED = True")
    assert take(small_lab, seal_of(small_lab, repaired)).change == "new bundle"
    assert small_lab.broken() == {}


def seal_of_now(lab, made):
    return experiments.bundle(lab.db, made.digest).seal


def test_a_seal_of_another_serial_another_key_or_without_its_bundle_is_refused(small_lab, prepared, tmp_path):
    made = prepared()
    before = whole(small_lab)
    strangers = make_keys(tmp_path / "strangers", small_lab.now)
    good = seal_of(small_lab, made)
    with pytest.raises(Refused, match="has serial 7, and the next one here is 1"):
        take(small_lab, seal_of(small_lab, made, serial=7))
    with pytest.raises(BundleForeign, match="not the laboratory's"):
        take(small_lab, seal_of(replace(small_lab, keys=replace(small_lab.keys, sealers=strangers.sealers)), made))
    seals.archive_path(small_lab.folder, made.digest).write_bytes(made.archive[:-1])
    with pytest.raises(BundleAltered, match="were sealed"):
        take(small_lab, good)
    seals.archive_path(small_lab.folder, made.digest).unlink()
    with pytest.raises(NotFound, match="came without its bundle"):
        take(small_lab, good)
    assert whole(small_lab) == before


def test_after_other_bundle_keys_everything_is_sealed_again_and_the_old_seals_stay_history(small_lab, prepared):
    small_lab.keys = make_keys(small_lab.folder.keys, small_lab.now)
    small_lab.publish(prepared())
    small_lab.publish(prepared(top="REPAIRED = True"))
    key_rotation.make_next(small_lab.folder.keys, Role.BUNDLE)
    key_rotation.change_here(small_lab.folder.keys, small_lab.now)
    small_lab.keys = load_keys(small_lab.folder.keys, small_lab.now)
    with small_lab.db.transaction():
        renewed = seals.renew(small_lab.db, small_lab.folder, small_lab.keys, timedelta(days=90), small_lab.now)
    assert [one.name for one in renewed] == ["tiny_sum"]
    bundle = experiments.bundle_now(small_lab.db, 1)
    assert is_sealed(bundle, small_lab.keys.trust, small_lab.now)
    assert small_lab.broken() == {}
    with pytest.raises(Refused, match="kept elsewhere"):
        seals.renew(
            small_lab.db, small_lab.folder, without_bundle_keys(small_lab).keys, timedelta(days=90), small_lab.now
        )
