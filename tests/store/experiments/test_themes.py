"""What experiments are about."""

import tomllib

from axiom.store.experiments.old_names import shipped
from axiom.store.experiments.themes import LIST, by_experiment


def test_each_shipped_experiment_has_one_theme():
    listed = [name for said in tomllib.loads((shipped() / LIST).read_text()).values() for name in said["experiments"]]
    files = sorted(file.stem for file in shipped().glob("*.py") if file.stem != "__init__")
    assert sorted(listed) == files
    assert by_experiment()["lottery_ticket"] == "Smaller networks"
