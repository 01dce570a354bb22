"""An experiment of one's own goes with the laboratory: into its backup and out again."""

import json
import shutil

import pytest

from axiom.__main__ import _main
from axiom.cli.experiment.manifests import catalogue_files
from axiom.signed.bundles import contents
from axiom.store.engine.folder import Folder


@pytest.fixture
def say(capsys):
    """Types a command about the laboratory in a folder; what it answered."""

    def typed(folder, *words: object):
        status = _main([*map(str, words), "--json", "--data", str(folder)])
        out, err = capsys.readouterr()
        assert status == 0, err
        return json.loads(out)

    return typed


@pytest.fixture
def restored(say, prepared, tmp_path):
    """A laboratory from the backup of one in which a file was published, and what that file held."""
    first, again, file = tmp_path / "first", Folder(path=tmp_path / "again"), tmp_path / "tiny_sum.py"
    assert _main(["init", str(first), "--port", "0", "--quiet"]) == 0
    file.write_bytes(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
    say(first, "experiment", "publish", file)
    say(first, "backup", "-o", tmp_path / "backup.tar")
    say(again.path, "restore", tmp_path / "backup.tar")
    return again, file.read_bytes()


def own(folder: Folder) -> dict[str, bytes]:
    """What the laboratory has besides the experiments that Axiom brings along."""
    return {file.name: file.read_bytes() for file in catalogue_files(folder) if file.parent == folder.catalogue}


def test_a_restored_laboratory_knows_the_experiments_that_were_published_from_files_of_one_s_own(say, restored):
    again, body = restored
    assert own(again) == {"tiny_sum.py": body}
    assert say(again.path, "experiment", "publish", "tiny_sum")["experiment"]["change"] == "unchanged"


def test_a_file_that_cannot_be_read_hides_no_other(restored, capsys):
    again, _ = restored
    (again.catalogue / "broken.py").write_text("def (\n")
    (again.catalogue / "gone.py").symlink_to("nowhere")
    assert _main(["experiment", "list", "--json", "--data", str(again.path)]) == 0
    out, err = capsys.readouterr()
    listed = {one["name"] for one in json.loads(out)["experiments"]}
    assert {"tiny_sum", "test_deploy"} <= listed
    assert listed.isdisjoint({"broken", "gone"})
    assert [line[:21] for line in err.splitlines()] == ["Left out: axiom.catal", "Left out: There is no"]
    assert _main(["experiment", "show", "tiny_som", "--data", str(again.path)]) == 2
    assert "Did you mean tiny_sum?" in capsys.readouterr().err


def test_a_laboratory_that_was_restored_without_them_has_them_from_its_next_start_on(say, restored):
    again, body = restored
    shutil.rmtree(again.catalogue)
    assert say(again.path, "experiment", "publish", "tiny_sum")["experiment"]["change"] == "unchanged"
    assert own(again) == {"tiny_sum.py": body}
