"""What no command can mean, and what none may do to a terminal: said in a sentence, never a fault of ours."""

import pytest

from axiom.__main__ import _main

TOO_LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("weigh", TOO_LONG),
        ("status", "--data", TOO_LONG * 20),
        ("experiment", "show", f"{TOO_LONG}.py"),
        ("init", TOO_LONG),
        ("restore", TOO_LONG),
        ("experiment", "new", "mine", "--in", TOO_LONG),
        ("keys", "make", TOO_LONG),
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_no_file_can_have_is_wrong_use(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert _main([*words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Choose a shorter one." in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [("init", "lab", "--name", "\udcff"), ("session", "show", "\udcff"), ("ledger", "show", "--session", "\udcff")],
)
def test_bytes_that_are_no_text_are_refused_before_anything_is_there(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert _main([*words]) == 2
    assert "is no text in UTF-8. Nothing was started" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_name_is_no_text_can_be_weighed(capsys, tmp_path):
    file = tmp_path / "\udcff.csv"
    file.write_text("seed,value\n1,0.5\n")
    assert _main(["weigh", str(file)]) == 0, capsys.readouterr().err


def test_a_column_that_rings_the_bell_is_named_without_ringing_it(capsys, tmp_path):
    file = tmp_path / "theirs.csv"
    file.write_text("seed,\x07\x1b]0;mine\x07\n1,2\n")
    assert _main(["weigh", str(file)]) == 2
    assert "It has: seed, ??]0;mine?." in capsys.readouterr().err


def test_a_file_that_cannot_be_read_to_its_end_is_named(capsys):
    assert _main(["weigh", "/proc/self/mem"]) == 2
    assert "/proc/self/mem cannot be read: " in capsys.readouterr().err
