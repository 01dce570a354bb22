import json
import shutil
from datetime import UTC, datetime

import pytest
from fixed_keys import make_fixed_keys
from tiny_experiment import tiny_source

from axiom.__main__ import _main
from axiom.store.engine.folder import Folder


@pytest.fixture
def say_to(capsys):
    """Types a command about the laboratory in a folder: its status, its answer, and what was remarked."""

    def typed(folder, *words: object):
        status = _main([*map(str, words), *(["--data", str(folder)] if folder else [])])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if {"--json", "json"} & set(words) and out[:1] == "{" else out), err

    return typed


@pytest.fixture
def hand_over(say_to, small_lab):
    """Leaves the small laboratory to commands, once it is furnished: what types one says status, answer and remarks."""

    def hand_over():
        make_fixed_keys(small_lab.folder.keys, small_lab.now)
        small_lab.db.settle()
        small_lab.db.close()  # from here on the commands write
        return lambda *words: say_to(small_lab.folder.path, *words)

    return hand_over


@pytest.fixture(scope="session")
def _new(tmp_path_factory):
    """A laboratory that `axiom init` made."""
    folder = Folder(path=tmp_path_factory.mktemp("new") / "lab")
    make_fixed_keys(folder.keys, datetime.now(UTC))
    assert _main(["init", str(folder.path), "--port", "0", "--quiet"]) == 0
    return folder


@pytest.fixture(scope="session")
def _published(_new, tmp_path_factory):
    place = tmp_path_factory.mktemp("published")
    shutil.copytree(_new.path, place / "lab")
    file = place / "tiny_sum.py"
    file.write_text(tiny_source(has_shift=True))
    assert _main(["experiment", "publish", str(file), "--quiet", "--data", str(place / "lab")]) == 0
    return Folder(path=place / "lab")


@pytest.fixture
def lab(_new, tmp_path) -> Folder:
    """A laboratory in which nothing was done yet."""
    return Folder(path=shutil.copytree(_new.path, tmp_path / "lab"))


@pytest.fixture
def published(_published, tmp_path) -> Folder:
    return Folder(path=shutil.copytree(_published.path, tmp_path / "lab"))


@pytest.fixture
def say(say_to, tmp_path):
    """Types a command about the laboratory that `lab` or `published` made, if there is one."""
    return lambda *words: say_to(tmp_path / "lab", *words)


@pytest.fixture
def tiny_file(tmp_path):
    file = tmp_path / "tiny_sum.py"
    file.write_text(tiny_source())
    return file
