"""Which hosts look wrong, each with its reason, and what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.hosts.suspects import Trouble, suspects
from axiom.domain.failures import Seen

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
WELL = Seen(
    host_id=7,
    volunteer_id=1,
    cpid="cpid",
    created_at=NOW - timedelta(days=30),
    seen_at=NOW - timedelta(minutes=5),
    out=2,
    oldest_sent=NOW - timedelta(hours=9),
    quota=None,
    valid_in_row=12,
    contacts=300,
)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def found(*hosts: Seen, **options) -> list[tuple[int, Trouble]]:
    return [(one.host_id, one.trouble) for one in suspects(hosts, NOW, **options)]


def test_a_host_that_is_well_is_not_named():
    assert found(WELL) == []
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"seen_at": ago(hours=7)}, Trouble.SILENT),
        ({"seen_at": ago(hours=6)}, None),
        ({"seen_at": ago(hours=7), "out": 0, "oldest_sent": None}, None),  # it has nothing to be silent of
        ({"seen_at": ago(hours=7), "oldest_sent": ago(hours=2)}, None),
        ({"seen_at": NOW + timedelta(days=3650)}, None),  # a clock that is wrong by years
        ({"quota": 8, "valid_in_row": 0}, Trouble.FAILING),
        ({"quota": 16, "valid_in_row": 0}, None),
        ({"quota": 1, "valid_in_row": 1}, None),  # it is on its way back
        ({"contacts": 1_000, "created_at": ago(hours=1)}, Trouble.FLOODING),
        ({"contacts": 999, "created_at": ago(hours=1)}, None),
        ({"contacts": 1_000, "created_at": ago(hours=2)}, None),
        ({"contacts": 1_000, "created_at": ago(hours=1), "is_ours": True}, None),
    ],
)
def test_what_looks_wrong_by_itself(changes, trouble):
    assert found(replace(WELL, **changes)) == ([(7, trouble)] if trouble else [])


def test_what_floods_is_not_said_to_fail_as_well():
    flood = replace(WELL, contacts=1_000, created_at=ago(hours=1), quota=1, valid_in_row=0)
    assert found(flood) == [(7, Trouble.FLOODING)]


def test_silence_counts_from_when_the_laboratory_could_hear_again():
    silent = replace(WELL, seen_at=ago(hours=20), oldest_sent=ago(hours=20))
    assert found(silent, listening=ago(hours=5)) == []
    assert found(silent, listening=ago(hours=7)) == [(7, Trouble.SILENT)]


def test_a_copied_folder_is_two_computers_that_are_both_heard_from():
    copy = replace(WELL, host_id=8, created_at=ago(days=2), seen_at=ago(minutes=9))
    assert found(WELL, copy) == [(7, Trouble.COPIED), (8, Trouble.COPIED)]
    reasons = [one.reason for one in suspects([WELL, copy], NOW)]
    assert "host 8" in reasons[0]
    assert "host 7" in reasons[1]


@pytest.mark.parametrize(
    "other",
    [
        {"cpid": "another"},
        {"volunteer_id": 2},
        {"seen_at": ago(days=1, minutes=1), "out": 0, "oldest_sent": None},
        {"created_at": ago(minutes=1), "seen_at": ago(minutes=1)},  # a new number, and the old one is gone
    ],
)
def test_what_is_no_copy(other):
    assert found(WELL, replace(WELL, host_id=8, **{"created_at": ago(days=2), **other})) == []
    assert found(replace(WELL, cpid=""), replace(WELL, host_id=8, cpid="", created_at=ago(days=2))) == []


def test_a_crowd_of_new_hosts_of_one_volunteer_gets_least_but_for_those_that_have_shown_something():
    new = [replace(WELL, host_id=n, cpid=str(n), created_at=ago(hours=1), valid_in_row=0) for n in range(1, 102)]
    assert found(*new[:100]) == []
    held = suspects(new, NOW)
    assert {one.trouble for one in held} == {Trouble.FLOODING}
    assert {one.quota for one in held} == {1}
    assert len(held) == 101
    shown = [replace(new[0], valid_in_row=1), replace(new[1], quota=1), *new[2:]]
    by_host = {one.host_id: one for one in suspects(shown, NOW) if one.trouble is Trouble.FLOODING}
    assert 1 not in by_host
    assert by_host[2].quota is None  # it has least already
    assert found(*(replace(one, created_at=ago(days=2)) for one in new)) == []
    assert found(*(replace(one, volunteer_id=one.host_id) for one in new)) == []
    assert found(*(replace(one, is_ours=True) for one in new)) == []
