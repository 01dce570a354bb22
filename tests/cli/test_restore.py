"""What `axiom restore` says of a laboratory in which a promise is broken."""

import json
import sqlite3

import pytest

from axiom.__main__ import _main


@pytest.fixture
def harmed(tmp_path, capsys):
    """The backup of a laboratory whose audit says something that it did not say before."""
    assert _main(["init", str(tmp_path / "first"), "--port", "0", "--quiet"]) == 0
    assert _main(["experiment", "publish", "test_deploy", "--quiet", "--data", str(tmp_path / "first")]) == 0
    db = sqlite3.connect(tmp_path / "first" / "axiom.db")
    with db:
        db.execute("UPDATE audit SET caller = 'somebody else'")
    db.close()
    archive = tmp_path / "backup.tar"
    assert _main(["backup", "-o", str(archive), "--quiet", "--data", str(tmp_path / "first")]) == 0
    capsys.readouterr()
    return archive


def test_a_broken_promise_is_refused_with_the_words_that_restore_all_the_same(harmed, tmp_path, capsys):
    words = ["restore", str(harmed), "--data", str(tmp_path / "again")]
    assert _main(words) == 5
    assert "--although-broken" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()
    assert _main([*words, "--although-broken", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "can be restored; nothing was restored." in out
    assert "audit 1 was altered" in err
    assert _main([*words, "--although-broken"]) == 0
    out, err = capsys.readouterr()
    assert "audit 1 was altered" in err
    assert "every promise hold" not in err
    assert _main(["doctor", "--invariants", "--data", str(tmp_path / "again")]) == 1
    assert "audit 1 was altered" in capsys.readouterr().out


def test_programs_are_told_what_is_broken(harmed, tmp_path, capsys):
    words = ["restore", str(harmed), "--although-broken", "--json", "--data", str(tmp_path / "again")]
    assert _main(words) == 0
    (said,) = json.loads(capsys.readouterr().out)["restored"]["broken"]
    assert said.startswith("audit 1 was altered")
