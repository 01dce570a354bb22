"""Lists of hosts, volunteers and teams: a part at a time, and every question along an index."""

import re
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from axiom.domain.fleet import Capacity, Platform, Standing
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.hosts import hosts as host_store
from axiom.store.views import contributions, tasks
from axiom.store.views import hosts as host_views
from axiom.store.views.hosts import Extent, List, part

AMOUNT = 12
# What is read from one end to the other on purpose: the rows are few, or an index is counted.
SHORT = re.compile(
    r"SCAN (host|volunteer|team|f)( USING COVERING INDEX \w+)?$|SCAN \(subquery-\d+\)$|SCAN CONSTANT ROW$"
    r"|SCAN task USING (COVERING )?INDEX task_(unsent|sent|sent_host|returned)$"
    r"|SCAN workunit USING (COVERING )?INDEX workunit_open$"
)


@pytest.fixture
def peopled(database, now, join):
    """Twelve volunteers of one team; the second has every even host, the first the others."""
    with database.transaction():
        for number in range(AMOUNT):
            join(database, f"volunteer {number}", now)
        team = teams.found(database, name="team", founder_id=1, country="", website="", about="", now=now)
        for number in range(AMOUNT):
            accounts.join(database, number + 1, team)
            host_store.meet(
                database,
                volunteer_id=number % 2 + 1,
                name=f"host {number}",
                platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
                capacity=Capacity(cores=2, memory_mb=1_000),
                now=now,
            )
    return database


@pytest.mark.parametrize(
    ("of", "whose", "all_ids"),
    [
        (List.HOSTS, 0, list(range(1, 13))),
        (List.HOSTS_OF, 2, [2, 4, 6, 8, 10, 12]),
        (List.HOSTS_OF, 3, []),
        (List.VOLUNTEERS, 0, list(range(1, 13))),
        (List.MEMBERS, 1, list(range(1, 13))),
        (List.TEAMS, 0, [1]),
    ],
)
def test_leafing_forth_and_back_shows_everything_once(peopled, of, whose, all_ids):
    assert host_views.amount(peopled, of, whose) == len(all_ids)
    forth, shown = [], part(peopled, of, limit=5, whose=whose)
    assert not shown.is_more_before
    while shown.is_more_after:
        forth += shown.ids
        shown = part(peopled, of, limit=5, after=shown.ids[-1], whose=whose)
    assert [*forth, *shown.ids] == all_ids
    back = list(shown.ids)
    while shown.is_more_before:
        shown = part(peopled, of, limit=5, before=shown.ids[0], whose=whose)
        back = [*shown.ids, *back]
    assert back == all_ids


def test_a_part_behind_the_end_is_empty(peopled):
    assert part(peopled, List.HOSTS, limit=5, after=99) == host_views.ListPart(
        ids=(), is_more_before=False, is_more_after=False
    )


def test_hosts_that_had_no_valid_task_are_said_apart(peopled):
    assert host_views.extent(peopled) == Extent(hosts=0, cores=0, new=AMOUNT)
    with peopled.transaction():
        for number in range(1, 4):
            host_store.set_standing(peopled, number, Standing(valid_in_row=number))
    assert host_views.extent(peopled) == Extent(hosts=3, cores=6, new=AMOUNT - 3)


def test_the_laboratory_s_own_hosts_count_from_the_first_moment_on(peopled, now):
    with peopled.transaction():
        ours = accounts.ourselves(peopled, now)
        there = Platform(system="linux", processor="x86_64", instructions="avx2")
        capacity = Capacity(cores=5, memory_mb=1)
        host_store.meet(peopled, volunteer_id=ours, name="here", platform=there, capacity=capacity, now=now)
    assert host_views.extent(peopled) == Extent(hosts=1, cores=5, new=AMOUNT)


def test_a_host_that_has_had_a_valid_task_counts_whatever_came_after(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host(volunteer="Bob")
    small_lab.deploy()
    order = small_lab.order(1)
    assert host_views.extent(small_lab.db).new == 1
    small_lab.report(order, small_lab.output(order))
    assert small_lab.validate() == 1
    with small_lab.db.transaction():
        host_store.set_standing(small_lab.db, 1, Standing(valid_in_row=0))
    assert (host_views.extent(small_lab.db).hosts, host_views.extent(small_lab.db).new) == (1, 0)


def test_who_has_more_stands_before_and_who_has_the_same_beside(peopled, now):
    with peopled.transaction():
        for number, amount in ((1, 500), (2, 900), (3, 500), (4, 100)):
            ledger.carry_over(peopled, number, source="elsewhere", amount=amount, because="a test", now=now)
    places = {amount: host_views.rank(peopled, ledger.VOLUNTEER, amount) for amount in (900, 500, 100)}
    assert places == {900: 1, 500: 2, 100: 4}


def test_what_was_carried_over_is_told_by_its_source(peopled, now):
    with peopled.transaction():
        for source, amount in (("b", 5), ("a", 7)):
            ledger.carry_over(peopled, 1, source=source, amount=amount, because="a test", now=now)
    assert [(one.source, one.amount, one.at) for one in host_views.carried(peopled, 1)] == [
        ("a", 7, now),
        ("b", 5, now),
    ]


def test_only_balances_that_changed_lately_are_brought(peopled, now):
    with peopled.transaction():
        ledger.carry_over(peopled, 1, source="a", amount=7, because="a test", now=now - timedelta(days=2))
        ledger.carry_over(peopled, 2, source="a", amount=8, because="a test", now=now)
    found = host_views.since(peopled, ledger.VOLUNTEER, now - timedelta(days=1))
    assert [(number, balance.total) for number, balance in found] == [(2, 8)]


def questions(module: ModuleType) -> list[tuple[str, str]]:
    """Every SQL text of a module, under its name."""
    found: list[tuple[str, str]] = []
    for name, value in vars(module).items():
        texts = value.values() if isinstance(value, dict) and name.startswith("_") else [value]
        found += [(f"{name} {place}", text) for place, text in enumerate(texts) if _is_question(text)]
    return found


def _is_question(text: Any) -> bool:
    return isinstance(text, str) and text.lstrip().startswith("SELECT")


@pytest.mark.parametrize("module", [host_views, tasks, contributions], ids=lambda each: each.__name__)
def test_every_question_goes_along_an_index(database, module):
    asked = questions(module)
    assert asked
    for name, sql in asked:
        values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
        plan = [row["detail"] for row in database.select(f"EXPLAIN QUERY PLAN {sql}", **values)]
        scans = [step for step in plan if step.startswith("SCAN") and not SHORT.match(step)]
        # The newest of all are found by walking the table from its end, as far as the limit.
        is_walk = sql.endswith("ORDER BY id DESC LIMIT :limit") and "WHERE" not in sql
        assert not scans or is_walk, (name, plan)
