"""A data folder that is closed to whoever types is in the way, and no wrong word."""

import os
import tempfile
from pathlib import Path

import pytest

from axiom.__main__ import _main

NOBODY = 65_534


@pytest.fixture
def closed():
    """A laboratory's folder that we may not read; for root one of root's, seen from an account without rights."""
    before = os.geteuid()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "lab"
        folder.mkdir(mode=0o700)
        Path(parent).chmod(0o755)
        if before == 0:
            os.seteuid(NOBODY)
        else:
            folder.chmod(0)
        try:
            yield folder
        finally:
            os.seteuid(before)
            folder.chmod(0o700)


@pytest.mark.parametrize("words", [("status",), ("task", "list"), ("lab", "--port", "0"), ("settings", "show")])
def test_what_is_in_the_way_and_what_next_are_said(closed, capsys, words):
    assert _main([*words, "--data", str(closed)]) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"axiom: The data folder {closed} ")
    assert "closed to yours" in err or "is yours, and its mode lets nobody read it" in err
    assert "Nothing was started; " in err


def test_a_laboratory_is_not_made_where_we_may_not_look(closed, capsys):
    assert _main(["init", str(closed)]) == 5
    assert f"The data folder {closed} " in capsys.readouterr().err


def test_a_folder_within_one_that_is_closed_is_told_likewise(closed, capsys):
    assert _main(["status", "--data", str(closed / "inside")]) == 5
    assert "belongs to another account and is closed to yours" in capsys.readouterr().err
