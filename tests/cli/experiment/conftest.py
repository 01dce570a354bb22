import pytest

from axiom.signed.bundles import read_bundle_files


@pytest.fixture
def file(sound, tmp_path):
    """A sound experiment's file that no laboratory knows."""
    file = tmp_path / "sound.py"
    file.write_bytes(read_bundle_files(sound.archive)["axiom/catalogue/sound.py"])
    return file
