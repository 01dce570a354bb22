"""Making a laboratory, once and where nothing else lies."""

import tomllib

import pytest

from axiom.store.engine.folder import Folder

NAME = 'A "laboratory" \\ with\n\x7f tabs\t and 😀'


@pytest.fixture
def init(say_to, tmp_path):
    return lambda *words: say_to(None, "init", tmp_path / "lab", *words)


def test_a_laboratory_is_made_as_it_was_asked_for_and_once(init, say, tmp_path):
    words, made = ("--name", NAME, "--url", "https://lab.example/", "--port", 7, "--json"), tmp_path / "lab"
    for wrong in (("--url", "lab.example"), ("--url", "lab.example", "--dry-run")):
        assert init(*wrong)[0] == 2
        assert not made.exists()
    status, would, _ = init(*words, "--dry-run")
    assert status == 0
    assert would["laboratory"]["dry_run"] is True
    assert not made.exists()
    status, answer, _ = init(*words)
    assert (status, len(answer["laboratory"]["lab"])) == (0, 64)
    chosen = {"name": NAME, "url": "https://lab.example/", "port": 7}
    assert tomllib.loads((made / "axiom.toml").read_text()) == chosen
    assert [path.stat().st_mode & 0o777 for path in (made, made / "axiom.db")] == [0o700, 0o600]
    shown = {row["name"]: row["value"] for row in say("settings", "show", "--json")[1]["settings"]}
    assert shown | chosen == shown
    assert init("--name", "Other")[0] == 4  # a second time changes nothing
    assert tomllib.loads((made / "axiom.toml").read_text()) == chosen


def test_a_folder_with_other_things_is_left_alone_and_a_begun_one_is_completed(init, say, tmp_path):
    folder, thesis = Folder(path=tmp_path / "lab"), tmp_path / "lab" / "thesis.txt"
    folder.path.mkdir()
    thesis.touch()
    status, _, err = init()
    assert status == 4
    assert "thesis.txt" in err
    assert list(folder.path.iterdir()) == [thesis]
    thesis.unlink()
    folder.create()
    folder.database.touch()
    folder.settings.write_text("port = 3\n")
    for command in (("status",), ("task", "list"), ("doctor", "--invariants")):
        assert say(*command)[:2] == (5, "")
    assert init("--port", 9)[0] == 0
    assert folder.settings.read_text() == "port = 3\n"
    assert say("status")[0] == 0
