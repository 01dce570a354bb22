"""A file becomes a signed bundle, stays sealed, is there after a restore, and what it asks is registered first."""

import functools
import json
import logging
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import stored_work
from tiny_experiment import tiny_source

import axiom
from axiom import shipped
from axiom.domain.work import TaskState, WorkunitState
from axiom.errors import BundleAltered, BundleError, BundleForeign, ExperimentError, NotFound, Refused, Withdrawn
from axiom.laboratory.experiments import published_files, shipped_declarations
from axiom.laboratory.experiments.publish import (
    find_wanted_seal,
    is_sealed,
    pack_experiment,
    publish_bundle,
    read_packed_declaration,
)
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.keys import seal_bundles
from axiom.laboratory.registrations import kin
from axiom.runner.child.parent_end import ModuleDeclaration
from axiom.runner.direct import describe_files
from axiom.signed import key_rotation
from axiom.signed.bundles import (
    digest_bundle,
    experiment_path,
    open_bundle,
    pack_files,
    read_bundle_files,
    read_seal,
    seal_body,
    write_seal,
)
from axiom.signed.keys import load_keys, make_keys
from axiom.signed.manifests import read_manifest
from axiom.signed.sources import collect_sources
from axiom.signed.trust import Role
from axiom.store.engine import blobs
from axiom.store.engine.folder import write_file_atomically
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks

PACKAGE = Path(axiom.__file__).parent
GOOD_FOR = timedelta(days=90)


@pytest.fixture
def source(tmp_path):
    def write(replacing=("", ""), name="tiny_sum"):
        file = tmp_path / f"{name}.py"
        file.write_text(tiny_source().replace(*replacing))
        return file

    return write


def test_the_same_sources_are_the_same_bytes_and_unsound_declarations_are_refused(source, tmp_path):
    started = []

    def describe(files, modules):
        started.append(modules)
        return describe_files(files, modules)

    first = pack_experiment(PACKAGE, source(), describe)
    assert len(started) == 1
    known = functools.partial(read_packed_declaration, first.archive)
    assert pack_experiment(PACKAGE, source(), describe, find_known=known) == first
    assert len(started) == 1
    changed = pack_experiment(PACKAGE, source(("Adds up.", "Adds up, well.")), describe, find_known=known)
    assert len(started) == 2
    assert changed.digest != first.digest
    assert changed.declaration == first.declaration
    for name, replacing, fact in (
        ("tiny_sum", ("experiment = Experiment(", "experiment = Experimet("), "Experimet"),
        ("tiny_sum", ("version=1", "version=0"), "0"),
        ("other_sum", ("", ""), "name"),
    ):
        with pytest.raises(ExperimentError, match=fact):
            pack_experiment(PACKAGE, source(replacing, name))
    with pytest.raises(ExperimentError):
        pack_experiment(PACKAGE, tmp_path / "missing.py")


def test_a_new_experiment_is_stored_signed_and_registered(small_lab, prepared):
    made = prepared()
    published = small_lab.publish(made)
    assert published.change == "new experiment"
    assert published.serial == 1
    assert published.digest == made.digest
    stored = experiments.find_experiment(small_lab.db, published.experiment_id)
    assert (stored.name, stored.version, stored.manifest) == ("tiny_sum", 1, made.declaration)
    bundle = experiments.find_newest_bundle(small_lab.db, stored.id)
    seal = read_seal(bundle.seal, trust=small_lab.keys.trust, now=small_lab.now)
    assert open_bundle(blobs.read_blob(small_lab.db, small_lab.folder, bundle.digest), seal)["manifest.json"]
    assert seal.expires == bundle.expires_at == small_lab.now + timedelta(days=90)
    body = json.loads(registrations.read_registrations(small_lab.db, stored.id)[-1].body)
    assert (body["configs"], body["expected_seconds"]) == ([{"size": 1}, {"size": 2}], [1.0, 1.0])
    assert (body["stopping"]["rule"], body["stopping"]["replicates"]) == ("settled", 256)
    (prediction,) = body["predictions"]
    assert (prediction["estimand"], prediction["forecaster"]) == ("grows", "catalogue, informed")
    predicted = small_lab.db.row("SELECT estimand, forecaster, positive FROM prediction")
    assert predicted == {"estimand": "grows", "forecaster": "catalogue, informed", "positive": 0.8}


def test_publishing_the_same_again_changes_nothing_and_mends_what_is_damaged(small_lab, prepared):
    made = prepared()
    small_lab.publish(made)
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
        bundle = experiments.find_newest_bundle(small_lab.db, 1)
        assert bundle.expires_at == small_lab.now + timedelta(days=90)
        seal = read_seal(bundle.seal, trust=small_lab.keys.trust, now=small_lab.now + timedelta(days=89))
        assert (seal.serial, seal.digest) == (1, prepared().digest)
    assert small_lab.broken() == {}


def test_another_question_needs_another_version_and_a_repair_or_better_words_none(working_lab, prepared):
    made, before = prepared(), whole(working_lab)
    declared = json.loads(made.declaration)

    def worded(**changes):
        return replace(made, declaration=json.dumps(declared | changes), archive=made.archive + b"x")

    for other, fact in (
        (prepared(sizes=(1, 2, 3)), "configs"),
        (prepared(smallest=0.2), "estimands"),
        (worded(factors={"width": "int"}), "factors"),
        (worded(measures=declared["measures"][:1]), "measures"),
    ):
        with pytest.raises(Refused, match=fact):
            working_lab.publish(other)
    assert whole(working_lab) == before
    better = {"claim": "larger sizes have larger totals", "if_so": "Larger sizes have larger totals"}
    assert working_lab.publish(worded(estimands=[declared["estimands"][0] | better])).change == "new bundle"
    repaired = prepared(top="REPAIRED = True")
    published = working_lab.publish(repaired)
    assert (published.experiment_id, published.serial, published.change) == (1, 3, "new bundle")
    assert working_lab.order(1).bundle == repaired.digest
    assert working_lab.db.row("SELECT count(*) AS n FROM registration")["n"] == 1


def test_what_nobody_looked_at_when_published_is_compared_with_what_axiom_brings(small_lab, prepared):
    copied = (shipped.catalogue_folder() / "even_steps.py").read_bytes().replace(b"even_steps", b"tiny_sum")
    archive = pack_files({**read_bundle_files(prepared().archive), experiment_path("tiny_sum"): copied})
    small_lab.publish(replace(prepared(), archive=archive))
    kin.record_kin(small_lab.db, small_lab.folder, b"")
    assert "even_steps" in kin.why_text_informed(small_lab.db, digest_bundle(copied), "", small_lab.now)


def test_a_new_version_withdraws_what_is_open_of_the_old_one(working_lab, prepared):
    out = working_lab.order(1)
    working_lab.deploy()
    published = working_lab.publish(prepared(version=2, sizes=(3, 4)))
    assert (published.experiment_id, published.serial, published.change) == (2, 1, "new experiment")
    assert experiments.find_experiment(working_lab.db, 1).status == "retired"
    assert {workunit.state for workunit in stored_work.workunits(working_lab.db)} == {WorkunitState.CANCELLED}
    assert [task.state for task in stored_work.tasks(working_lab.db)] == [TaskState.ABORTED, TaskState.SENT]
    working_lab.report(out, working_lab.output(out))
    working_lab.validate()
    assert tasks.find_task(working_lab.db, out.task).state is TaskState.VALID  # what is out may come back and is kept
    working_lab.deploy(2)
    assert (working_lab.order(1).bundle, working_lab.broken()) == (published.digest, {})


def test_a_retired_or_older_version_is_refused_and_a_newer_one_is_open(small_lab, prepared):
    small_lab.publish(prepared(version=2))
    before = whole(small_lab)
    with pytest.raises(Refused):
        small_lab.publish(prepared())
    assert whole(small_lab) == before
    experiments.retire_experiment(small_lab.db, 1, small_lab.now)
    before = whole(small_lab)
    with pytest.raises(Withdrawn) as refused:
        small_lab.publish(prepared(version=2))
    assert (refused.value.exit_code, whole(small_lab)) == (4, before)
    small_lab.publish(prepared(version=3))
    assert experiments.find_experiment_by_name(small_lab.db, "tiny_sum").status == "open"


def test_without_bundle_keys_a_file_waits_for_a_seal_unless_it_has_one(small_lab, prepared):
    def published(made):
        with small_lab.db.transaction():
            keys = replace(small_lab.keys, sealers=())
            answer = publish_bundle(
                small_lab.db, small_lab.folder, made, keys=keys, good_for=GOOD_FOR, now=small_lab.now
            )
        return answer.change, answer.serial, answer.experiment_id

    before = whole(small_lab)
    assert published(prepared()) == ("waits for a seal", 1, None)
    assert whole(small_lab) == before
    small_lab.publish(prepared())
    small_lab.later(days=80)
    assert published(prepared()) == ("unchanged", 1, 1)
    assert published(prepared(top="REPAIRED = True")) == ("waits for a seal", 2, 1)
    small_lab.later(days=20)
    assert published(prepared())[0] == "waits for a seal"
    with pytest.raises(Refused):
        seal_bundles.renew_seals(
            small_lab.db, small_lab.folder, replace(small_lab.keys, sealers=()), GOOD_FOR, small_lab.now
        )


def seal_of(lab, made, **changes):
    wanted = find_wanted_seal(lab.db, made, trust=lab.keys.trust, good_for=GOOD_FOR, now=lab.now)
    write_file_atomically(seal_bundles.unsealed_archive_path(lab.folder, made.digest), made.archive)
    return write_seal(replace(wanted, **changes), *lab.keys.sealers)


def take(lab, text: str):
    with lab.db.transaction():
        return seal_bundles.publish_sealed_bundle(lab.db, lab.folder, text, lab.keys.trust, lab.now)


def test_a_seal_that_was_brought_publishes_registers_and_renews(small_lab, prepared):
    made = prepared()
    assert take(small_lab, seal_of(small_lab, made)).change == "new experiment"
    assert registrations.read_registrations(small_lab.db, 1) != []
    small_lab.later(days=70)
    assert take(small_lab, seal_of(small_lab, made)).change == "renewed"
    assert take(small_lab, experiments.find_bundle(small_lab.db, made.digest).seal).change == "unchanged"
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
    seal_bundles.unsealed_archive_path(small_lab.folder, made.digest).write_bytes(made.archive[:-1])
    with pytest.raises(BundleAltered):
        take(small_lab, good)
    seal_bundles.unsealed_archive_path(small_lab.folder, made.digest).unlink()
    with pytest.raises(NotFound):
        take(small_lab, good)
    assert whole(small_lab) == before


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum was tried two months ago, and its repair of last month was not."""
    small_lab.keys = make_keys(small_lab.folder.keys, small_lab.now)
    small_lab.publish(prepared())
    small_lab.later(days=29)
    small_lab.publish(prepared(top="# repaired"), is_tried=False)
    small_lab.later(days=31, minutes=1)
    return small_lab


@pytest.fixture
def older(lab, prepared):
    return lambda: experiments.find_bundle(lab.db, prepared().digest)


def wanted(lab) -> list:
    how = {"trust": lab.keys.trust, "good_for": GOOD_FOR, "now": lab.now, "problem": pytest.fail}
    return list(seal_bundles.list_wanted_seals(lab.db, lab.folder, [], **how))


def test_publishing_once_more_renews_it_and_new_bundle_keys_seal_both(lab, older, prepared):
    before = older()
    assert lab.publish(prepared(top="# repaired"), is_tried=False).change == "unchanged"
    assert older().expires_at == lab.now + GOOD_FOR
    seal = read_seal(older().seal, trust=lab.keys.trust, now=lab.now)
    assert seal.digest == before.digest
    assert seal.serial == 1
    assert before.serial == 1
    once = older()
    lab.publish(prepared(top="# repaired"), is_tried=False)
    assert (older(), lab.broken()) == (once, {})
    key_rotation.make_next(lab.folder.keys, Role.BUNDLE)
    key_rotation.change_here(lab.folder.keys, lab.now)
    lab.keys = load_keys(lab.folder.keys, lab.now)
    assert not is_sealed(older(), lab.keys.trust, lab.now)
    renewed = seal_bundles.renew_seals(lab.db, lab.folder, lab.keys, GOOD_FOR, lab.now)
    assert [bundle.name for bundle in renewed] == ["tiny_sum"]
    assert is_sealed(older(), lab.keys.trust, lab.now)
    assert is_sealed(experiments.find_newest_bundle(lab.db, 1), lab.keys.trust, lab.now)


def test_where_the_keys_are_elsewhere_it_is_asked_for_brought_and_stays_the_older(lab, older, prepared, tmp_path):
    file = tmp_path / "axiom" / "catalogue" / "tiny_sum.py"
    for name, body in read_bundle_files(prepared(top="# repaired").archive).items():
        write_file_atomically(tmp_path / name, body)
    how = {"trust": lab.keys.trust, "good_for": GOOD_FOR, "now": lab.now}
    assert len(list(seal_bundles.list_unsealed_experiments(lab.db, lab.folder, tmp_path / "axiom", [file], **how))) == 1
    before, (asked,) = older(), wanted(lab)
    assert (asked.seal.digest, asked.seal.serial) == (before.digest, 1)
    write_file_atomically(seal_bundles.unsealed_archive_path(lab.folder, asked.seal.digest), asked.archive)
    with pytest.raises(Refused):  # it would get another number
        take(lab, write_seal(replace(asked.seal, serial=3), *lab.keys.sealers))
    assert older() == before
    text = write_seal(asked.seal, *lab.keys.sealers)
    assert [take(lab, text).change for _ in range(2)] == ["renewed", "unchanged"]
    assert (older().expires_at, experiments.find_newest_bundle(lab.db, 1).serial) == (asked.seal.expires, 2)
    assert (wanted(lab), seal_body(asked.seal)) == ([], asked.body)


@pytest.fixture
def file(working_lab):
    return working_lab.folder.catalogue / "tiny_sum.py"


def lay_out(lab, *shipped: str) -> list[str]:
    return published_files.write_published_files(lab.db, lab.folder, shipped)


def test_a_lost_file_is_laid_out_again_and_without_its_bundle_the_laboratory_starts(
    working_lab, file, prepared, caplog
):
    newest = prepared(top="LATER = 1")
    assert working_lab.publish(newest).change == "new bundle"
    assert lay_out(working_lab) == ["tiny_sum"]
    assert (
        file.read_bytes()
        == read_bundle_files(newest.archive)["axiom/catalogue/tiny_sum.py"]
        != read_bundle_files(prepared().archive)["axiom/catalogue/tiny_sum.py"]
    )
    assert lay_out(working_lab) == []
    file.write_text("changed and not published yet")
    assert (lay_out(working_lab), file.read_text()) == ([], "changed and not published yet")
    file.unlink()
    assert lay_out(working_lab, "tiny_sum") == []  # it comes with Axiom
    assert not file.exists()
    working_lab.db.execute("UPDATE blob SET body = x'00'")
    for stored in working_lab.folder.blobs.glob("??/*"):
        stored.write_bytes(b"something else")
    with caplog.at_level(logging.ERROR, "axiom.own_files"):
        assert lay_out(working_lab) == []
    assert "file.lost experiment=tiny_sum" in caplog.text
    assert not file.exists()


def test_the_file_of_an_older_bundle_gives_way_and_what_a_person_changed_stays(working_lab, file, prepared):
    def text_of(bundle):
        return read_bundle_files(bundle.archive)["axiom/catalogue/tiny_sum.py"]

    older, newest = prepared(), prepared(version=2)
    working_lab.publish(newest)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text_of(older))  # as a stop leaves it between the commit and the file
    assert lay_out(working_lab, "tiny_sum") == []  # it comes with Axiom
    assert lay_out(working_lab) == ["tiny_sum"]
    assert file.read_bytes() == text_of(newest)
    changed = text_of(older) + b"# mine\n"
    file.write_bytes(changed)
    assert (lay_out(working_lab), file.read_bytes()) == ([], changed)


@pytest.mark.parametrize("how", ["retired", "recalled"])
def test_what_was_taken_back_stays_away_also_where_an_older_version_is_open(working_lab, file, prepared, how):
    working_lab.publish(prepared(version=2))
    newest = experiments.find_experiment_by_name(working_lab.db, "tiny_sum")
    with working_lab.db.transaction():
        experiments.reopen_experiment(working_lab.db, 1)
        if how == "retired":
            retire_version(working_lab.db, newest.id, "no more", working_lab.now)
        else:
            experiments.mark_experiment_recalled(working_lab.db, newest.id, working_lab.now)
    assert (experiments.find_experiment(working_lab.db, 1).status, lay_out(working_lab)) == ("open", [])
    assert not file.exists()


NAMES = ("rank_dynamics", "test_deploy")


@pytest.fixture
def bare_package(tmp_path):
    """A package with two experiments, and no list yet."""
    made = tmp_path / "axiom"
    for room in ("kit", "domain"):
        shutil.copytree(PACKAGE / room, made / room)
    (made / "catalogue").mkdir()
    shutil.copy(PACKAGE / "__init__.py", made)
    for name in NAMES:
        shutil.copy(shipped.catalogue_folder() / f"{name}.py", made / "catalogue")
    return made


@pytest.fixture
def describe():
    """Tells what is shipped, starts no process, and knows of which modules it was asked."""
    manifests = json.loads((shipped.catalogue_folder() / shipped_declarations.LIST).read_text())["experiments"]

    def tell(_, modules):
        tell.asked.extend(module.rpartition(".")[2] for module in modules)
        return tuple(
            ModuleDeclaration(module=module, manifest=manifests[module.rpartition(".")[2]]["manifest"])
            for module in modules
        )

    tell.asked = []
    return tell


def write_list(bare_package, describe):
    text = shipped_declarations.render_declarations(bare_package, bare_package / "catalogue", describe)
    (bare_package / "catalogue" / shipped_declarations.LIST).write_text(text)
    return text


def listed(bare_package, name, catalogue=None):
    file = (catalogue or bare_package / "catalogue") / f"{name}.py"
    return shipped_declarations.find_declaration(file.parent, name, collect_sources(bare_package, file))


def test_what_is_shipped_is_current_and_what_a_process_says(bare_package):
    assert shipped_declarations.list_outdated_declarations(PACKAGE, shipped.catalogue_folder()) == []
    files = collect_sources(PACKAGE, shipped.catalogue_folder() / "test_deploy.py")
    assert shipped_declarations.find_declaration(shipped.catalogue_folder(), "nothing", files) is None
    """JAX is asked for by one of the two, and what the first imports must not count for the second."""
    write_list(bare_package, shipped_declarations.describe_files)
    for name in NAMES:
        assert listed(bare_package, name) == listed(PACKAGE, name, shipped.catalogue_folder())
    assert [read_manifest(listed(bare_package, name)).avx for name in NAMES] == [True, False]


def test_only_what_changed_is_asked_again_and_a_file_to_refuse_is_never_listed(bare_package, describe):
    assert listed(bare_package, "rank_dynamics") is None
    assert shipped_declarations.list_outdated_declarations(bare_package, bare_package / "catalogue") == list(NAMES)
    first = write_list(bare_package, describe)
    assert sorted(describe.asked) == list(NAMES)
    file = bare_package / "catalogue" / "rank_dynamics.py"
    file.write_bytes(file.read_bytes() + b"\n")
    assert listed(bare_package, "rank_dynamics") is None
    assert listed(bare_package, "test_deploy") == listed(PACKAGE, "test_deploy", shipped.catalogue_folder())
    outdated = shipped_declarations.list_outdated_declarations(bare_package, bare_package / "catalogue")
    assert outdated == ["rank_dynamics"]
    describe.asked.clear()
    assert write_list(bare_package, describe) != first
    assert describe.asked == ["rank_dynamics"]
    assert shipped_declarations.list_outdated_declarations(bare_package, bare_package / "catalogue") == []
    (bare_package / "kit" / "newer.py").write_text('"""New."""\n')  # another kit is another declaration for all
    assert shipped_declarations.list_outdated_declarations(bare_package, bare_package / "catalogue") == list(NAMES)
    (bare_package / "catalogue" / "test_deploy.py").unlink()
    assert "test_deploy" not in write_list(bare_package, describe)
    assert shipped_declarations.list_outdated_declarations(bare_package, bare_package / "catalogue") == []
    describe.asked.clear()  # whoever publishes what is listed does not read it again
    file = bare_package / "catalogue" / "rank_dynamics.py"
    file.write_text(file.read_text().replace("\nimport ", "\nimport os\nimport ", 1))
    with pytest.raises(BundleError, match=r"rank_dynamics.py.* os "):
        shipped_declarations.render_declarations(bare_package, bare_package / "catalogue", describe)
    assert "rank_dynamics" not in describe.asked, "what may not be run is not asked"
