"""Carrying credit over: once from each source, all of a command or nothing of it, and audited."""

from typing import Any

import pytest

from axiom.commands.ledger import MOST_CREDIT, MOST_ROWS
from axiom.commands.registry import read_command
from axiom.errors import NotFound, WrongUse
from axiom.store.credit import balance_check, ledger
from axiom.store.views import hosts


@pytest.fixture
def peopled(door, join):
    """Two volunteers."""
    door.gate.writer.run(lambda db: [join(db, name, door.lab.now) for name in ("Ada", "Grace")])
    return door


def carry(door, *rows: tuple[int, str, int], dry_run: bool = False, key: str | None = None) -> dict[str, Any]:
    words = [{"volunteer": volunteer, "source": source, "amount": amount} for volunteer, source, amount in rows]
    command = read_command("volunteer.carry-over", {"rows": words})
    return door.gate.submit(command, door.caller, dry_run=dry_run, key=key)


def totals(door) -> dict[int, int]:
    return door.look(
        lambda db: {number: one.total for number, one in ledger.balances(db, ledger.VOLUNTEER, [1, 2]).items()}
    )


def test_credit_counts_from_now_on_and_the_books_agree(peopled):
    answer = carry(peopled, (1, "old", 1_500), (2, "old", 2_000), (1, "other", 500))
    assert (answer["amount"], len(answer["carried"]), answer["kept"]) == (4_000, 3, [])
    assert totals(peopled) == {1: 2_000, 2: 2_000}
    assert peopled.look(balance_check.problems) == []


def test_the_same_again_changes_nothing_and_says_what_stays(peopled):
    carry(peopled, (1, "old", 1_500))
    answer = carry(peopled, (1, "old", 9_999), (2, "old", 1))
    assert answer["kept"] == [{"volunteer": 1, "source": "old", "amount": 9_999, "kept": 1_500}]
    assert totals(peopled) == {1: 1_500, 2: 1}


def test_a_dry_run_shows_it_and_carries_nothing(peopled):
    before = peopled.stored()
    assert carry(peopled, (1, "old", 1_500), dry_run=True)["amount"] == 1_500
    assert peopled.stored() == before
    assert [entry["dry_run"] for entry in peopled.audited()] == [1]


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ([(1, "old", 5), (3, "old", 5)], NotFound, "There is no volunteer 3. No credit was carried over."),
        ([(1, "old", 5), (1, "old", 6)], WrongUse, "stands twice with the source 'old'"),
    ],
)
def test_one_wrong_row_refuses_all_of_them(peopled, rows, error, said):
    with pytest.raises(error, match=said):
        carry(peopled, *rows)
    assert totals(peopled) == {}
    assert peopled.look(lambda db: hosts.carried(db, 1)) == []
    assert [entry["outcome"] for entry in peopled.audited()] == ["refused"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, "old", 5)],
        [(1, "", 5)],
        [(1, "o" * 101, 5)],
        [(1, "old", 0)],
        [(1, "old", -5)],
        [(1, "old", MOST_CREDIT + 1)],
        [(1, "old", 5.5)],
        [(number, "old", 5) for number in range(1, MOST_ROWS + 2)],
    ],
    ids=lambda rows: str(rows)[:40],
)
def test_what_cannot_be_meant_is_refused_before_it_is_looked_at(peopled, rows):
    with pytest.raises(WrongUse, match="Nothing was done"):
        carry(peopled, *rows)
    assert peopled.audited() == []


def test_a_repeated_key_gives_the_first_answer(peopled):
    first = carry(peopled, (1, "old", 5), key="once")
    assert carry(peopled, (1, "old", 5), key="once") == first | {"repeated": True}
    assert totals(peopled) == {1: 5}


def test_an_announcement_is_the_same_after_its_way_to_a_laboratory_that_works(door):
    """What is typed beside a working laboratory goes there as words, and is read a second time."""
    tiers = [{"start": 0, "end": 600, "amount": 5_000}, {"start": 600, "end": None, "amount": 20_000}]
    words = {"tariff": "ours", "because": "a test", "tiers": tiers, "session_cap": 50_000}
    announced = read_command("ledger.announce", words)
    assert read_command("ledger.announce", announced.words()) == announced
    assert door.submit(announced)["version"] == 1
