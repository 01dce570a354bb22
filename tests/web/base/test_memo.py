"""What pages keep for each other."""

import pytest

from axiom.web.base import memo
from axiom.web.base.memo import Memo


def test_what_is_kept_is_made_once_for_each_name():
    made, kept = [], Memo()
    for name in ("a", "b", "a", "a"):
        assert kept.get_or_create(name, lambda name=name: made.append(name) or name.upper()) == name.upper()
    assert made == ["a", "b"]


def test_what_holds_no_longer_is_made_anew():
    stamps, kept = iter("1122"), Memo()
    found = [kept.get_or_create("graph", object, version=[each]) for each in stamps]
    assert found[0] is found[1]
    assert found[1] is not found[2]
    assert found[2] is found[3]


def test_what_nobody_asks_for_goes_first(monkeypatch):
    monkeypatch.setattr(memo, "_MOST", 2)
    made, kept = [], Memo()
    for name in ("asked again", "once", "asked again", "new", "asked again"):
        kept.get_or_create(name, lambda name=name: made.append(name))
    assert made == ["asked again", "once", "new"]
    kept.get_or_create("once", lambda: made.append("once"))
    assert made[-1] == "once"


def test_nothing_is_kept_of_what_could_not_be_made():
    kept = Memo()
    with pytest.raises(ZeroDivisionError):
        kept.get_or_create("broken", lambda: 1 / 0)
    assert kept.get_or_create("broken", lambda: "mended") == "mended"
