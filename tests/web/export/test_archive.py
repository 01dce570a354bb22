"""An export is whole, always the same bytes, and weighs itself again where there is no Axiom."""

import csv
import hashlib
import io
import json
import site
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from furnished_lab import draw, weigh_three_blocks
from patience import PATIENCE
from rocrate.rocrate import ROCrate

from axiom.errors import NotFound
from axiom.signed.bundles import read_seal
from axiom.store.engine.database import connect_reader
from axiom.store.registrations import registrations
from axiom.web.base.request import Reading
from axiom.web.export import archive as export_archive

NUMERIC = ("numpy", "numpy.libs")


def reading(lab) -> Reading:
    return Reading(
        db=connect_reader(lab.folder.database), folder=lab.folder, now=lab.now, name="Small & Sons", live=dict
    )


@pytest.fixture(scope="module")
def files(weighed_lab):
    return export_archive.files(reading(weighed_lab), 1)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A folder with the numeric packages and nothing else that is installed."""
    folder = tmp_path_factory.mktemp("bare")
    for packages in map(Path, site.getsitepackages()):
        for name in NUMERIC:
            if (packages / name).exists():
                (folder / name).symlink_to(packages / name)
    return folder


@pytest.fixture
def crate(files, tmp_path) -> Path:
    """The export in a folder, which a test may change."""
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    return tmp_path


def recompute(crate: Path, bare: Path) -> subprocess.CompletedProcess[str]:
    """The script in a clean Python that has NumPy and neither Axiom nor anything else."""
    code = (
        f"import runpy, sys; sys.path.append({str(bare)!r}); sys.argv = ['recompute.py']; "
        f"runpy.run_path({str(crate / 'recompute.py')!r}, run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, cwd=crate, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_the_script_weighs_the_finding_again_and_every_number_is_the_same(crate, bare, files):
    done = recompute(crate, bare)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = json.loads(files["numbers.json"])
    assert f"All {len(expected)} numbers are the same" in done.stdout
    card = json.loads(files["card.json"])["finding"]["evidence"]
    for name in ("estimate", "e_value", "verdict", "grade", "seeds"):
        assert expected[f"evidence {name}"] == card[name]
    assert [expected["evidence low"], expected["evidence high"]] == card["interval"]
    assert f"  estimate  {card['estimate']}" in done.stdout
    assert {"host 1: estimate", "platform linux-x86_64-avx2: mean", "design declared: error"} <= set(expected)


def test_it_is_told_apart_from_a_python_that_has_axiom(bare):
    code = f"import sys; sys.path.append({str(bare)!r}); import numpy, axiom"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert "No module named 'axiom'" in done.stderr


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_changed_value_changes_the_numbers_and_is_told(crate, bare, files):
    row = next(csv.DictReader(io.StringIO(files["observations.csv"].decode())))
    changed(crate / "observations.csv", row["value"], "-9.25")
    done = recompute(crate, bare)
    assert done.returncode == 1
    assert "DIFFERS evidence e_value: the laboratory said" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("registrations/1.json", "a larger size", "a smaller size", "DIFFERS registration 1"),
        ("finding.json", '"smallest": 0.1', '"smallest": 0.2', "DIFFERS estimand"),
        ("finding.json", '"experiment": "tiny_sum"', '"experiment": "tiny_sun"', "DIFFERS replicate 0: its seed"),
        ("numbers.json", '"evidence seeds"', '"evidence sheds"', "DIFFERS evidence sheds"),
    ],
)
def test_whatever_was_changed_is_told(crate, bare, file, old, new, said):
    changed(crate / file, old, new)
    done = recompute(crate, bare)
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout + done.stderr


def test_a_bundle_with_other_bytes_is_told(crate, bare):
    with (crate / "experiment" / "tiny_sum-bundle.zip").open("ab") as file:
        file.write(b"x")
    assert "DIFFERS bundle" in recompute(crate, bare).stdout


@pytest.mark.parametrize(("file", "said"), [("hosts.csv", "hosts.csv"), ("finding.json", "finding.json")])
def test_a_missing_file_is_named(crate, bare, file, said):
    (crate / file).unlink()
    done = recompute(crate, bare)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_column_that_is_gone_is_named(crate, bare):
    changed(crate / "observations.csv", "why_missing", "why")
    done = recompute(crate, bare)
    assert done.returncode == 2
    assert "observations.csv has the columns" in done.stderr


def test_two_exports_are_the_same_bytes(weighed_lab):
    first, second = export_archive.archive(reading(weighed_lab), 1), export_archive.archive(reading(weighed_lab), 1)
    assert first == second
    later = replace(reading(weighed_lab), now=weighed_lab.now + timedelta(days=3))
    assert export_archive.archive(later, 1) == first


def test_the_archive_holds_the_files_in_one_folder(weighed_lab, files):
    with zipfile.ZipFile(io.BytesIO(export_archive.archive(reading(weighed_lab), 1))) as archive:
        assert {name.removeprefix("finding-1/"): archive.read(name) for name in archive.namelist()} == files


def test_it_is_a_process_run_crate_that_another_program_reads(crate, files):
    read = ROCrate(str(crate))
    root = read.root_dataset
    assert root["name"] == "Finding 1: The opposite was found of this claim: “A larger size has a larger total”"
    assert root["license"].id == "https://creativecommons.org/licenses/by/4.0/"
    assert root["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    described = {each.id for each in read.data_entities}
    assert described == set(files) - {"ro-crate-metadata.json"}
    actions = [each for each in read.get_entities() if each.type == "CreateAction"]
    assert {each.id for each in actions} == {"#registration-1", "#weighing"}
    for action in actions:
        assert set(action["instrument"].type) == {"File", "SoftwareSourceCode"}
        assert all(each.id in described for each in [*action["object"], *action["result"]])
        assert action["endTime"] == root["datePublished"]
        assert action["name"]
        assert action["description"]
        assert action["agent"].type == "Organization"
        assert action["instrument"]["version"]
    for entity in read.data_entities:
        assert entity["sha256"] == hashlib.sha256(files[entity.id]).hexdigest()
        assert entity["contentSize"] == str(len(files[entity.id]))


def test_every_reference_in_the_crate_leads_somewhere(files):
    document = json.loads(files["ro-crate-metadata.json"])
    assert document["@context"][-1] == "https://w3id.org/ro/terms/workflow-run/context"
    graph = document["@graph"]
    known = {each["@id"] for each in graph}
    assert len(known) == len(graph)

    def referred(value):
        if isinstance(value, dict):
            if set(value) == {"@id"}:
                yield value["@id"]
            for each in value.values():
                yield from referred(each)
        elif isinstance(value, list):
            for each in value:
                yield from referred(each)

    away = {each for entity in graph for each in referred(entity)} - known
    assert away == {"https://w3id.org/ro/crate/1.1", "http://schema.org/CompletedActionStatus"}


def test_the_source_is_the_one_that_was_signed(weighed_lab, files):
    with zipfile.ZipFile(io.BytesIO(files["experiment/tiny_sum-bundle.zip"])) as bundle:
        assert bundle.read("axiom/catalogue/tiny_sum.py") == files["experiment/tiny_sum.py"]
    seal = files["experiment/tiny_sum-seal.txt"].decode().strip()
    signed = read_seal(seal, trust=weighed_lab.keys.trust, now=weighed_lab.now)
    digest = hashlib.sha256(files["experiment/tiny_sum-bundle.zip"]).hexdigest()
    assert signed.digest == json.loads(files["finding.json"])["bundle"]["digest"] == digest


def test_whose_hosts_are_not_shown_has_a_number_below_zero(files):
    rows = list(csv.DictReader(io.StringIO(files["hosts.csv"].decode())))
    assert [(row["host"], int(row["volunteer"]) < 0) for row in rows] == [("1", False), ("2", False), ("3", True)]
    assert "Shy" not in "".join(body.decode("utf-8", "replace") for body in files.values())
    without = json.loads(files["card.json"])["finding"]["without"]
    shown = {each["number"] for each in without if each["by"] == "volunteer"}
    assert shown == {int(row["volunteer"]) for row in rows}


def test_every_replicate_is_in_it_also_one_without_a_value(files):
    rows = list(csv.DictReader(io.StringIO(files["observations.csv"].decode())))
    assert [int(row["replicate"]) for row in rows] == list(range(24))
    assert all(repr(float(row["value"])) == row["value"] for row in rows if row["value"])


def test_how_to_cite_is_in_it(files):
    citation = files["CITATION.cff"].decode()
    assert 'title: "Finding 1: The opposite was found of this claim: ' in citation
    assert 'license: "CC-BY-4.0"' in citation
    assert '- name: "Small & Sons"' in citation
    assert "CC BY 4.0" in files["LICENSE.txt"].decode()
    assert "@misc{axiom-finding-1," in files["CITATION.bib"].decode()


def test_people_are_cited_before_the_laboratory(weighed_lab):
    files = export_archive.files(replace(reading(weighed_lab), authors="Ada Example (0000-0002-1825-0097)"), 1)
    assert 'orcid: "https://orcid.org/0000-0002-1825-0097"' in files["CITATION.cff"].decode()
    crate = json.loads(files["ro-crate-metadata.json"])["@graph"]
    (root,) = [each for each in crate if each["@id"] == "./"]
    assert [each["@id"] for each in root["author"]] == ["https://orcid.org/0000-0002-1825-0097", "#laboratory"]
    assert {"Person", "Organization"} <= {each["@type"] for each in crate if isinstance(each["@type"], str)}


def test_pictures_are_in_it_once_they_show_the_newest_evidence(new_lab, prepared, tmp_path):
    lab = new_lab(tmp_path / "lab")
    weigh_three_blocks(lab, prepared)
    assert not [name for name in export_archive.files(reading(lab), 1) if name.startswith("figures/")]
    with lab.db.transaction():
        draw(lab, "finding/1/strip", 660, 326)
    files = export_archive.files(reading(lab), 1)
    assert [name for name in files if name.startswith("figures/")] == ["figures/strip.png"]
    lab.later(minutes=1)
    assert export_archive.archive(reading(lab), 1) == export_archive.archive(reading(lab), 1)


def test_the_history_is_in_it_with_every_step(files):
    history = json.loads(files["history.json"])["history"]
    assert [line["blocks"] for line in history] == [1, 2, 3]
    assert all(line["reasons"] for line in history)
    rows = list(csv.DictReader(io.StringIO(files["history.csv"].decode())))
    assert [float(row["estimate"]) for row in rows] == [line["estimate"] for line in history]


def test_whoever_takes_a_suspended_finding_away_is_told(new_lab, prepared, tmp_path):
    lab = new_lab(tmp_path / "lab")
    weigh_three_blocks(lab, prepared)
    with lab.db.transaction():
        registrations.set_status(lab.db, 1, "suspended", "two seeds gave the same")
    files = export_archive.files(reading(lab), 1)
    assert "This finding is suspended: two seeds gave the same." in files["README.md"].decode()
    assert ", suspended, 2 March 2026" in json.loads(files["finding.json"])["cite"]
    lab.db.close()


def test_a_finding_without_evidence_has_nothing_to_export(small_lab, prepared):
    small_lab.publish(prepared())
    with pytest.raises(NotFound, match="Finding 1 has no evidence yet, so there is nothing to export"):
        export_archive.files(reading(small_lab), 1)


def test_a_finding_that_is_none_is_not_found(small_lab):
    with pytest.raises(NotFound, match="There is no finding 3"):
        export_archive.files(reading(small_lab), 3)


DESIGNS = ("wide", "wider", "widest")


def unpacked(lab, number: int, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(export_archive.archive(reading(lab), number))) as archive:
        archive.extractall(folder)
    return folder / f"finding-{number}"


def test_a_finding_of_several_designs_weighs_itself_again(varied_lab, bare, tmp_path):
    crate = unpacked(varied_lab, 1, tmp_path)
    done = recompute(crate, bare)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = json.loads((crate / "numbers.json").read_text())
    assert expected["evidence designs"] == expected["pooled designs"] == 4
    assert {f"design {name}: estimate" for name in ("declared", *DESIGNS)} <= set(expected)
    assert len(list((crate / "registrations").iterdir())) == 4
    scope = json.loads((crate / "card.json").read_text())["finding"]["scope"]
    assert [each["name"] for each in scope["designs"]] == ["declared", *DESIGNS]
    assert [each.id for each in ROCrate(str(crate)).get_entities() if each.type == "CreateAction"] == [
        *(f"#registration-{number}" for number in (1, 2, 3, 4)),
        "#weighing",
    ]


def test_a_claim_that_was_formed_from_data_carries_that_data_and_does_not_count_it(varied_lab, bare, tmp_path):
    crate = unpacked(varied_lab, 2, tmp_path)
    done = recompute(crate, bare)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = json.loads((crate / "numbers.json").read_text())
    rows = list(csv.DictReader(io.StringIO((crate / "observations.csv").read_text())))
    counted = [row for row in rows if row["cohort"] == "confirmatory"]
    assert expected["evidence seeds"] == len(counted) == 8
    assert len(rows) > len(counted)
    assert expected["cohort exploratory: seeds"] == len(rows) - len(counted)


def test_without_numpy_it_says_what_it_needs(crate, tmp_path):
    done = recompute(crate, tmp_path / "nothing")
    assert (done.returncode, done.stderr) == (2, "This needs numpy: python -m pip install numpy\n")
