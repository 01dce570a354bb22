"""An export is whole, always the same bytes, and weighs itself again where there is no Axiom."""

import csv
import hashlib
import io
import json
import re
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
from axiom.reads.base.request import Reading
from axiom.signed.bundles import read_seal
from axiom.store.engine.database import connect_reader
from axiom.store.registrations import registrations
from axiom.web.export import archive as export_archive
from axiom.web.export import make_recompute_script
from axiom.web.export import recompute as recompute_module

DESIGNS = ("wide", "wider", "widest")


def reading(lab) -> Reading:
    db = connect_reader(lab.folder.database)
    return Reading(db=db, folder=lab.folder, now=lab.now, name="Small & Sons", live=dict)


@pytest.fixture(scope="module")
def files(weighed_lab):
    return export_archive.finding_files(reading(weighed_lab), 1)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A folder with the numeric packages and nothing else that is installed."""
    folder = tmp_path_factory.mktemp("bare")
    for packages in map(Path, site.getsitepackages()):
        for name in ("numpy", "numpy.libs"):
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


def again(crate: Path, capsys) -> tuple[int, str, str]:
    """The same in this process: its status, what it printed and what it remarked."""
    return recompute_module.main([], str(crate / "recompute.py")), *capsys.readouterr()


def test_the_script_weighs_the_finding_again_where_there_is_no_axiom(crate, bare, files, tmp_path):
    done = recompute(crate, bare)
    assert done.returncode == 0, done.stdout + done.stderr
    expected, card = json.loads(files["numbers.json"]), json.loads(files["card.json"])["finding"]["evidence"]
    assert str(len(expected)) in done.stdout
    for name in ("estimate", "e_value", "verdict", "grade", "seeds"):
        assert expected[f"evidence {name}"] == card[name]
    assert [expected["evidence low"], expected["evidence high"]] == card["interval"]
    assert {"host 1: estimate", "platform linux-x86_64-avx2: mean", "design declared: error"} <= set(expected)
    done = recompute(crate, tmp_path / "nothing")
    assert done.returncode == 2
    assert "pip install numpy" in done.stderr
    code = f"import sys; sys.path.append({str(bare)!r}); import numpy, axiom"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert "No module named 'axiom'" in done.stderr


def test_the_seeds_of_a_registration_that_goes_on_are_checked_later(crate, capsys):
    status, out, _ = again(crate, capsys)
    assert (status, "Registration 1 goes on" in out) == (0, True)
    finding = json.loads((crate / "finding.json").read_text())
    (secret,) = finding["registrations"][0]["secrets"]
    assert (secret["secret"], secret["revealed_at"]) == (None, None)


def test_whatever_was_changed_or_is_missing_is_told(crate, capsys, files):
    row = next(csv.DictReader(io.StringIO(files["observations.csv"].decode())))
    ended = files["finding.json"].decode().replace('"secret": null', f'"secret": "{"5" * 64}"')
    files = {**files, "finding.json": ended.encode()}
    (crate / "finding.json").write_bytes(files["finding.json"])
    status, out, _ = again(crate, capsys)
    assert (status, "goes on" in out) == (0, False)
    for name, old, new, status, fact in (
        ("observations.csv", row["value"], "-9.25", 1, "DIFFERS evidence estimate"),
        ("registrations/1.json", "a larger size", "a smaller size", 1, "DIFFERS registration 1"),
        ("finding.json", '"smallest": 0.1', '"smallest": 0.2', 1, "DIFFERS estimand"),
        ("finding.json", '"experiment": "tiny_sum"', '"experiment": "tiny_sun"', 1, "DIFFERS replicate 0"),
        ("finding.json", f'"secret": "{"5" * 64}"', '"secret": "another"', 1, "DIFFERS registration 1: its secret"),
        ("finding.json", '"commitment": "', '"commitment": "0', 1, "DIFFERS registration 1: the commitment"),
        ("finding.json", '"secrets": [', '"secrets": [], "others": [', 1, "DIFFERS registration 1: its seeds"),
        ("observations.csv", row["seed"], "12345", 1, "DIFFERS replicate 0"),
        ("numbers.json", '"evidence seeds"', '"evidence sheds"', 1, "DIFFERS evidence sheds"),
        ("observations.csv", "why_missing", "why", 2, "observations.csv"),
    ):
        text = files[name].decode()
        assert old in text
        (crate / name).write_text(text.replace(old, new, 1))
        code, out, err = again(crate, capsys)
        assert code == status, out + err
        assert fact in out + err, out + err
        (crate / name).write_bytes(files[name])
    bundle = crate / "experiment" / "tiny_sum-bundle.zip"
    bundle.write_bytes(bundle.read_bytes() + b"x")
    assert "DIFFERS bundle" in again(crate, capsys)[1]
    for name in ("hosts.csv", "finding.json"):
        (crate / name).unlink()
        status, _, err = again(crate, capsys)
        assert status == 2
        assert name in err


def test_two_exports_are_the_same_bytes_and_people_are_cited_before_the_laboratory(weighed_lab, files):
    first = export_archive.finding_archive(reading(weighed_lab), 1)
    later = replace(reading(weighed_lab), now=weighed_lab.now + timedelta(days=3))
    assert export_archive.finding_archive(later, 1) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {name.removeprefix("finding-1/"): archive.read(name) for name in archive.namelist()} == files
    citation = files["CITATION.cff"].decode()
    assert [part for part in ('license: "CC-BY-4.0"', '- name: "Small & Sons"') if part not in citation] == []
    assert "@misc{axiom-finding-1," in files["CITATION.bib"].decode()
    named = export_archive.finding_files(replace(reading(weighed_lab), authors="Ada Example (0000-0002-1825-0097)"), 1)
    assert 'orcid: "https://orcid.org/0000-0002-1825-0097"' in named["CITATION.cff"].decode()
    graph = json.loads(named["ro-crate-metadata.json"])["@graph"]
    (root,) = [entity for entity in graph if entity["@id"] == "./"]
    assert [author["@id"] for author in root["author"]] == ["https://orcid.org/0000-0002-1825-0097", "#laboratory"]
    assert {"Person", "Organization"} <= {entity["@type"] for entity in graph if isinstance(entity["@type"], str)}


def test_it_is_a_process_run_crate_that_another_program_reads(crate, files):
    read = ROCrate(str(crate))
    root = read.root_dataset
    assert root["license"].id == "https://creativecommons.org/licenses/by/4.0/"
    assert root["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    described = {entity.id for entity in read.data_entities}
    assert described == set(files) - {"ro-crate-metadata.json"}
    actions = [entity for entity in read.get_entities() if entity.type == "CreateAction"]
    assert {action.id for action in actions} == {"#registration-1", "#weighing"}
    for action in actions:
        assert set(action["instrument"].type) == {"File", "SoftwareSourceCode"}
        assert all(entity.id in described for entity in [*action["object"], *action["result"]])
        assert (action["endTime"], action["agent"].type) == (root["datePublished"], "Organization")
        assert all((action["name"], action["description"], action["instrument"]["version"]))
    for entity in read.data_entities:
        assert entity["sha256"] == hashlib.sha256(files[entity.id]).hexdigest()
        assert entity["contentSize"] == str(len(files[entity.id]))
    document = json.loads(files["ro-crate-metadata.json"])
    assert document["@context"][-1] == "https://w3id.org/ro/terms/workflow-run/context"
    ids = [entity["@id"] for entity in document["@graph"]]
    assert len(set(ids)) == len(ids)
    referred = set(re.findall(r'\{\s*"@id": "([^"]+)"\s*\}', files["ro-crate-metadata.json"].decode()))
    assert referred - set(ids) == {"https://w3id.org/ro/crate/1.1", "http://schema.org/CompletedActionStatus"}


def test_it_holds_the_signed_source_every_replicate_and_step_and_no_hidden_volunteer(weighed_lab, files):
    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(files[name].decode())))

    with zipfile.ZipFile(io.BytesIO(files["experiment/tiny_sum-bundle.zip"])) as bundle:
        assert bundle.read("axiom/catalogue/tiny_sum.py") == files["experiment/tiny_sum.py"]
    seal = files["experiment/tiny_sum-seal.txt"].decode().strip()
    signed = read_seal(seal, trust=weighed_lab.keys.trust, now=weighed_lab.now)
    digest = hashlib.sha256(files["experiment/tiny_sum-bundle.zip"]).hexdigest()
    assert signed.digest == json.loads(files["finding.json"])["bundle"]["digest"] == digest
    hosts = [(row["host"], int(row["volunteer"]) < 0) for row in rows("hosts.csv")]
    assert hosts == [("1", False), ("2", False), ("3", True)]
    assert "Shy" not in "".join(body.decode("utf-8", "replace") for body in files.values())
    without = json.loads(files["card.json"])["finding"]["without"]
    shown = {row["number"] for row in without if row["by"] == "volunteer"}
    assert shown == {int(row["volunteer"]) for row in rows("hosts.csv")}
    observations = rows("observations.csv")
    assert [int(row["replicate"]) for row in observations] == list(range(24))
    assert all(repr(float(row["value"])) == row["value"] for row in observations if row["value"])
    history = json.loads(files["history.json"])["history"]
    assert [line["blocks"] for line in history] == [1, 2, 3]
    assert all(line["reasons"] for line in history)
    assert [float(row["estimate"]) for row in rows("history.csv")] == [line["estimate"] for line in history]


def test_pictures_and_a_suspension_are_in_it_and_what_is_not_weighed_is_refused(new_lab, prepared, tmp_path):
    lab = new_lab(tmp_path / "lab")
    with pytest.raises(NotFound, match="3"):
        export_archive.finding_files(reading(lab), 3)
    lab.publish(prepared())
    with pytest.raises(NotFound, match="no evidence"):
        export_archive.finding_files(reading(lab), 1)
    weigh_three_blocks(lab, prepared)
    assert not [name for name in export_archive.finding_files(reading(lab), 1) if name.startswith("figures/")]
    with lab.db.transaction():
        draw(lab, "finding/1/strip", 660, 326)
        registrations.set_finding_status(lab.db, 1, "suspended", "two seeds gave the same")
    files = export_archive.finding_files(reading(lab), 1)
    assert [name for name in files if name.startswith("figures/")] == ["figures/strip.png"]
    assert "two seeds gave the same" in files["README.md"].decode()
    assert "suspended" in json.loads(files["finding.json"])["cite"]
    lab.db.close()


def unpacked(lab, number: int, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(export_archive.finding_archive(reading(lab), number))) as archive:
        archive.extractall(folder)
    return folder / f"finding-{number}"


def test_several_designs_and_a_claim_formed_from_data_weigh_themselves_again(varied_lab, tmp_path, capsys):
    crate = unpacked(varied_lab, 1, tmp_path)
    assert again(crate, capsys)[0] == 0
    expected = json.loads((crate / "numbers.json").read_text())
    assert expected["evidence designs"] == expected["pooled designs"] == 4
    assert {f"design {name}: estimate" for name in ("declared", *DESIGNS)} <= set(expected)
    assert len(list((crate / "registrations").iterdir())) == 4
    scope = json.loads((crate / "card.json").read_text())["finding"]["scope"]
    assert [design["name"] for design in scope["designs"]] == ["declared", *DESIGNS]
    actions = [entity.id for entity in ROCrate(str(crate)).get_entities() if entity.type == "CreateAction"]
    assert actions == [*(f"#registration-{number}" for number in (1, 2, 3, 4)), "#weighing"]
    crate = unpacked(varied_lab, 2, tmp_path)
    assert again(crate, capsys)[0] == 0
    expected = json.loads((crate / "numbers.json").read_text())
    rows = list(csv.DictReader(io.StringIO((crate / "observations.csv").read_text())))
    counted = [row for row in rows if row["cohort"] == "confirmatory"]
    assert expected["evidence seeds"] == len(counted) == 8
    assert expected["cohort exploratory: seeds"] == len(rows) - len(counted) > 0


def test_the_script_carries_word_for_word_the_modules_weighing_needs_and_no_other():
    text, modules = (
        make_recompute_script.recompute_script("26.12.0"),
        make_recompute_script.collect_modules("axiom.web.export.recompute"),
    )
    carried = re.findall(r"^SOURCES\['([a-z0-9_.]+)'\] = ", text, re.MULTILINE)
    assert carried == sorted(modules)
    weighing = {name for name in carried if name.startswith("axiom_weigh.")}
    assert {
        "axiom_weigh.evidence.weigh_claim",
        "axiom_weigh.values",
        "axiom_weigh.statistics.shares_and_medians",
    } <= weighing
    assert {name.split(".")[1] for name in {*carried} - weighing} == {"domain", "web"}
    for name, source in modules.items():
        assert source in text, name
        assert not re.search(r"^\s*(import|from) (sqlite3|socket|urllib|time|random)\b", source, re.MULTILINE)
