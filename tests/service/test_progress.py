"""How far it is, where nobody draws: in a file or a pipe."""

import pytest

from axiom.service import terminal


@pytest.fixture(autouse=True)
def from_the_beginning():
    terminal.progress("")
    yield
    terminal.progress("")


def test_a_plain_line_comes_now_and_then_and_not_before(monkeypatch, capsys):
    for done in range(3):
        terminal.progress(f"{done} of 9")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(terminal, "_PLAIN_SECONDS", 0.0)
    terminal.progress("3 of 9")
    monkeypatch.setattr(terminal, "_PLAIN_SECONDS", 30.0)
    terminal.progress("4 of 9")
    assert capsys.readouterr() == ("", "3 of 9\n")


def test_the_end_is_not_a_line_and_what_comes_next_begins_anew(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    terminal.progress("1 of 9")
    now[0] += 29
    terminal.progress("2 of 9")
    terminal.progress("")
    now[0] += 2
    terminal.progress("1 of 4")
    assert capsys.readouterr() == ("", "")
    now[0] += 30
    terminal.progress("2 of 4")
    assert capsys.readouterr() == ("", "2 of 4\n")
