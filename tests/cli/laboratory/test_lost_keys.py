"""A laboratory that has lost its keys is not started under others, and the refusal names what holds them."""

import shutil
import socket

import pytest

from axiom.errors import KeysUnusable
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.service.open_laboratory import make_laboratory, open_folder_gate
from axiom.service.run import run_laboratory
from axiom.service.standard_callers import operator_caller
from axiom.settings import Settings
from axiom.store.engine.folder import Folder, lock_folder


@pytest.fixture
def folder(tmp_path):
    """A laboratory that has published one experiment."""
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    make_laboratory(folder, Settings())
    with lock_folder(folder, "a test"), open_folder_gate(folder, Settings()) as gate:
        gate.submit(PublishExperiment(experiment="test_deploy"), operator_caller())
    return folder


def starts(folder):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run_laboratory(folder, Settings(), listening, source=None, pi=False, accept_clock=False, quiet=True)


def computes(folder):
    make_laboratory(folder, Settings())


@pytest.mark.parametrize("act", [starts, computes])
def test_without_its_keys_nothing_starts_and_the_backup_that_has_them_is_named(folder, act, say_to, tmp_path):
    kept = tmp_path / "kept.tar"
    assert say_to(folder.path, "backup", "-o", kept)[0] == 0
    assert say_to(folder.path, "backup", "--without-keys", "-o", tmp_path / "bare.tar")[0] == 0
    folder.keys.rename(tmp_path / "keys")
    with pytest.raises(KeysUnusable, match=r"trust\.json, ticket\.key") as refused:
        act(folder)
    assert str(kept) in str(refused.value)
    assert not folder.keys.exists()
    assert say_to(folder.path, "keys", "request", tmp_path / "r.json")[0] != 0
    shutil.copytree(tmp_path / "keys", folder.keys)
    computes(folder)
