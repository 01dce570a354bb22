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
from axiom.lab.experiments.publish import packed_before, prepare, publish, wanted_seal
from axiom.runner.direct import describe_files
from axiom.signed.bundles import contents, open_bundle, read_seal, write_seal
from axiom.signed.keys import make_keys
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


def test_a_file_that_declares_nothing_sound_or_is_not_there_is_refused(source, tmp_path):
    for name, replacing, fact in (
        ("tiny_sum", ("experiment = Experiment(", "experiment = Experimet("), "Experimet"),
        ("tiny_sum", ("version=1", "version=0"), "0"),
        ("other_sum", ("", ""), "name"),
    ):
        with pytest.raises(ExperimentError, match=fact):
            prepare(PACKAGE, source(replacing, name))
    with pytest.raises(ExperimentError):
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
    assert (body["stopping"]["rule"], body["stopping"]["replicates"]) == ("settled", 256)
    (said,) = body["predictions"]
    assert (said["estimand"], said["forecaster"]) == ("grows", "catalogue, informed")
    predicted = small_lab.db.one("SELECT estimand, forecaster, positive FROM prediction")
    assert predicted == {"estimand": "grows", "forecaster": "catalogue, informed", "positive": 0.8}
    before = whole(small_lab)
    small_lab.later(days=1)
    assert small_lab.publish(made).change == "unchanged"
    assert whole(small_lab) == before
    small_lab.db.execute("UPDATE blob SET body = x'00'")
    assert "I11" in small_lab.broken()
    assert small_lab.publish(made).change == "mended"
    assert small_lab.broken() == {}
    small_lab.db.execute("UPDATE prediction SET positive = 0.99")
    assert list(small_lab.broken()) == ["I12"]


def test_what_could_not_be_weighed_or_computed_is_not_published(small_lab, prepared):
    made, before = prepared(sizes=(1, 2, 9)), whole(small_lab)
    (estimand,) = made.manifest.estimands
    slope = {"kind": "slope", "across": "size", "between": [], "exchangeable": True}  # not evenly spaced
    endless = replace(made.manifest, cell_seconds=(1.0, 1.1e9, 1.0))
    for manifest in (
        *(replace(made.manifest, estimands=({**estimand, **changes},)) for changes in ({"censored": 1.0}, slope)),
        endless,
    ):
        with pytest.raises(Refused):
            small_lab.publish(replace(made, manifest=manifest, declaration=json.dumps(manifest.as_data())))
        assert whole(small_lab) == before
    small_lab.publish(made)
    # the same bytes: what is published already stays in force
    assert small_lab.publish(replace(made, manifest=endless)).change == "unchanged"


def whole(lab) -> list:
    tables = sorted(lab.db.tables())
    return [lab.db.select(f"SELECT * FROM {table}") for table in tables]  # noqa: S608  our own tables


def test_a_seal_is_renewed_when_a_third_of_its_time_is_left(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.later(days=59)
    assert small_lab.publish(prepared()).change == "unchanged"
    for days in (2, 200):
        small_lab.later(days=days)
        assert small_lab.publish(prepared()).change == "renewed"
        bundle = experiments.bundle_now(small_lab.db, 1)
        assert bundle.expires_at == small_lab.now + timedelta(days=90)
        seal = read_seal(bundle.seal, trust=small_lab.keys.trust, now=small_lab.now + timedelta(days=89))
        assert (seal.serial, seal.digest) == (1, prepared().digest)
    assert small_lab.broken() == {}


def test_another_question_needs_another_version_and_a_repair_or_better_words_none(working_lab, prepared):
    made, before = prepared(), whole(working_lab)
    declared = json.loads(made.declaration)

    def said(**changes):
        return replace(made, declaration=json.dumps(declared | changes), archive=made.archive + b"x")

    for other, fact in (
        (prepared(sizes=(1, 2, 3)), "configs"),
        (prepared(smallest=0.2), "estimands"),
        (said(factors={"width": "int"}), "factors"),
        (said(measures=declared["measures"][:1]), "measures"),
    ):
        with pytest.raises(Refused, match=fact):
            working_lab.publish(other)
    assert whole(working_lab) == before
    better = {"claim": "larger sizes have larger totals", "if_so": "Larger sizes have larger totals"}
    assert working_lab.publish(said(estimands=[declared["estimands"][0] | better])).change == "new bundle"
    repaired = prepared(top="REPAIRED = True")
    published = working_lab.publish(repaired)
    assert (published.experiment_id, published.serial, published.change) == (1, 3, "new bundle")
    assert working_lab.order(1).bundle == repaired.digest
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


def test_a_retired_or_older_version_is_refused_and_a_newer_one_is_open(small_lab, prepared):
    small_lab.publish(prepared(version=2))
    before = whole(small_lab)
    with pytest.raises(Refused):
        small_lab.publish(prepared())
    assert whole(small_lab) == before
    with small_lab.db.transaction():
        experiments.retire(small_lab.db, 1, small_lab.now)
    before = whole(small_lab)
    with pytest.raises(Withdrawn) as refused:
        small_lab.publish(prepared(version=2))
    assert refused.value.exit_code == 4
    assert whole(small_lab) == before
    small_lab.publish(prepared(version=3))
    assert experiments.by_name(small_lab.db, "tiny_sum").status == "open"


def test_without_bundle_keys_a_file_waits_for_a_seal_unless_it_has_one(small_lab, prepared):
    def published(made):
        with small_lab.db.transaction():
            keys, good_for = replace(small_lab.keys, sealers=()), timedelta(days=90)
            done = publish(small_lab.db, small_lab.folder, made, keys=keys, good_for=good_for, now=small_lab.now)
        return done.change, done.serial, done.experiment_id

    before = whole(small_lab)
    assert published(prepared()) == ("waits for a seal", 1, None)
    assert whole(small_lab) == before
    small_lab.publish(prepared())
    small_lab.later(days=80)
    assert published(prepared()) == ("unchanged", 1, 1)
    assert published(prepared(top="REPAIRED = True")) == ("waits for a seal", 2, 1)
    small_lab.later(days=20)
    assert published(prepared())[0] == "waits for a seal"


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
    assert take(small_lab, experiments.bundle(small_lab.db, made.digest).seal).change == "unchanged"
    assert take(small_lab, seal_of(small_lab, prepared(top="REPAIRED = True"))).change == "new bundle"
    assert small_lab.broken() == {}


def test_a_seal_of_another_serial_another_key_or_without_its_bundle_is_refused(small_lab, prepared, tmp_path):
    made, before = prepared(), whole(small_lab)
    strangers = make_keys(tmp_path / "strangers", small_lab.now)
    good = seal_of(small_lab, made)
    with pytest.raises(Refused):
        take(small_lab, seal_of(small_lab, made, serial=7))
    with pytest.raises(BundleForeign):
        take(small_lab, seal_of(replace(small_lab, keys=replace(small_lab.keys, sealers=strangers.sealers)), made))
    seals.archive_path(small_lab.folder, made.digest).write_bytes(made.archive[:-1])
    with pytest.raises(BundleAltered):
        take(small_lab, good)
    seals.archive_path(small_lab.folder, made.digest).unlink()
    with pytest.raises(NotFound):
        take(small_lab, good)
    assert whole(small_lab) == before


def test_without_bundle_keys_nothing_is_sealed_anew(small_lab, prepared):
    small_lab.publish(prepared())
    with pytest.raises(Refused):
        seals.renew(
            small_lab.db,
            small_lab.folder,
            replace(small_lab.keys, sealers=()),
            timedelta(days=90),
            small_lab.now,
        )
