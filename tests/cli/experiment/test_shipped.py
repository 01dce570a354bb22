"""What the catalogue declares is read from what is shipped with it: no command asks a process for it."""

import json

import pytest

from axiom.__main__ import _main
from axiom.cli.experiment import manifests


def never(*_, **__):
    raise AssertionError("a process was asked")


@pytest.mark.parametrize("words", [("list",), ("show", "rank_dynamics")], ids=lambda words: words[0])
def test_without_a_laboratory_and_without_a_cache_no_process_is_asked(capsys, monkeypatch, tmp_path, words):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(manifests, "describe_here", never)
    status = _main(["experiment", *words, "--json", "--data", str(tmp_path / "none")])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    assert "rank_dynamics" in json.dumps(json.loads(out))
