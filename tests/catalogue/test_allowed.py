"""What is asked of other people's files is asked of ours."""

from pathlib import Path

import pytest

import axiom
from axiom.decisions.experiments.source_rules import refusals

FILES = sorted((Path(axiom.__file__).parent / "catalogue").glob("[a-z]*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_catalogue_uses_nothing_that_is_not_allowed(file):
    assert refusals(file.read_text(encoding="utf-8"), file.stem) == ()


def test_there_are_files_to_look_at():
    assert "test_deploy" in [file.stem for file in FILES]
