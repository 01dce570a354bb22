import pytest

from axiom.signed.bundles import contents


@pytest.fixture
def file(sound, tmp_path):
    """A sound experiment's file that no laboratory knows."""
    file = tmp_path / "sound.py"
    file.write_bytes(contents(sound.archive)["axiom/catalogue/sound.py"])
    return file
