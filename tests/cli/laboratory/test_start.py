"""What a laboratory begins with."""

import pytest

from axiom.cli.laboratory.start import _publish_alone
from axiom.errors import NotFound
from axiom.laboratory.experiments.commands.jobs import publish_catalogue
from axiom.service.open_laboratory import open_folder_gate
from axiom.service.standard_callers import operator_caller
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.experiments.experiments import list_open_experiments


def test_a_laboratory_that_begins_with_some_questions_publishes_no_others(tmp_path, tiny_file):
    folder = Folder(path=tmp_path / "alone")
    with pytest.raises(NotFound):
        _publish_alone(folder, ("nowhere.py",))
    assert _publish_alone(folder, (str(tiny_file), "test_deploy")) == "tiny_sum,test_deploy"
    settings, _ = read_process_settings(folder.settings)
    with lock_folder(folder, "test"), open_folder_gate(folder, settings) as gate:
        publish_catalogue(gate, operator_caller(), lambda: False)
        names = gate.writer.run(list_open_experiments)
    assert sorted(names) == ["test_deploy", "tiny_sum"]
