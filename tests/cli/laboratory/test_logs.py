"""`axiom logs`: the newest lines, across the parts of a log, and those that come."""

import json
from itertools import islice

import pytest

from axiom.__main__ import _main
from axiom.cli.laboratory.logs import new_lines


@pytest.fixture
def ask(capsys, small_lab):
    def typed(*words: object):
        status = _main(["logs", *map(str, words), "--data", str(small_lab.folder.path)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


def test_before_the_first_start_there_is_none(ask):
    assert ask() == (0, "There is no log yet: the laboratory writes one once it runs.\n", "")
    assert ask("--list", "--json")[1] == {"logs": []}


def test_the_newest_lines_are_shown_across_the_parts_of_a_log(ask, small_lab):
    small_lab.folder.logs.mkdir()
    (small_lab.folder.logs / "axiom.log.1").write_text("one\ntwo\n")
    (small_lab.folder.logs / "axiom.log").write_text("three \x1b[2J\nfour\n")
    (small_lab.folder.logs / "runner.log").write_text("built\n")
    assert ask() == (0, "one\ntwo\nthree ?[2J\nfour\n", "")
    assert ask("-n", 3)[1].splitlines()[0] == "two"
    assert ask("-n", 0)[1] == ""
    assert ask("runner", "--json")[1] == {"logs": [{"name": "runner", "lines": ["built"]}]}
    assert [row["name"] for row in ask("--list", "--json")[1]["logs"]] == ["axiom", "runner"]
    status, _, err = ask("runer")
    assert (status, "Did you mean runner?" in err) == (2, True)
    assert ask("--follow", "--json")[0] == 2


def test_who_follows_gets_whole_lines_also_once_another_file_is_begun(tmp_path):
    file = tmp_path / "axiom.log"
    file.write_text("before\n")

    def happens():
        with file.open("a") as log:
            log.write("half ")
            log.flush()
            yield
            log.write("a line\n")
            log.flush()
            yield
            log.write("the last\n")
        file.rename(tmp_path / "axiom.log.1")
        file.write_text("the first\n")
        yield

    story = happens()
    assert list(islice(new_lines(file, lambda: next(story)), 3)) == ["half a line", "the last", "the first"]
