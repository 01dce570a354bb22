import json

import pytest

from axiom.__main__ import _main
from axiom.signed.keys import make_keys


@pytest.fixture
def hand_over(capsys, small_lab):
    """Leaves the small laboratory to commands, once it is furnished: what types one says status, answer and remarks."""

    def typed(*words: object):
        status = _main([*map(str, words), "--data", str(small_lab.folder.path)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    def hand_over():
        make_keys(small_lab.folder.keys, small_lab.now)
        small_lab.db.settle()
        small_lab.db.close()  # from here on the commands write
        return typed

    return hand_over
