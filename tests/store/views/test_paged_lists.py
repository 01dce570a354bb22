"""Lists of hosts, volunteers and teams: a part at a time, and every question along an index."""

import re
from datetime import timedelta
from types import ModuleType

import pytest

from axiom.domain.fleet import Capacity, Platform, Standing
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.hosts import hosts as host_store
from axiom.store.maps import tiles
from axiom.store.tasks import uploads
from axiom.store.views import contributions, credit, fleet_extent, paged_lists, tasks
from axiom.store.views.credit import find_credit_rank, list_carried_credit, list_recent_balances
from axiom.store.views.fleet_extent import FleetExtent
from axiom.store.views.paged_lists import ListPart, PagedList, count_list_entries, read_list_part

AMOUNT = 12
# What is read from one end to the other on purpose: the rows are few, or an index is counted.
SHORT = re.compile(
    r"SCAN (host|volunteer|team|f|u)( USING COVERING INDEX \w+)?$|SCAN \(subquery-\d+\)$|SCAN CONSTANT ROW$"
    r"|SCAN \w+ VIRTUAL TABLE INDEX 1:$"
    r"|SCAN d(aybook)?( USING INDEX \w+)?$"
    r"|SCAN task USING (COVERING )?INDEX task_(unsent|sent|sent_host|returned)$"
    r"|SCAN workunit USING (COVERING )?INDEX workunit_open$"
)


LINUX = Platform(system="linux", processor="x86_64", instructions="avx2")


@pytest.fixture
def peopled(database, now, join):
    """Twelve volunteers of one team; the second has every even host, the first the others."""
    with database.transaction():
        for number in range(AMOUNT):
            join(database, f"volunteer {number}", now)
        team = teams.create_team(database, name="team", founder_id=1, country="", website="", about="", now=now)
        there = {"platform": LINUX, "capacity": Capacity(cores=2, memory_mb=1_000), "now": now}
        for number in range(AMOUNT):
            accounts.set_volunteer_team(database, number + 1, team)
            host_store.upsert_host(database, volunteer_id=number % 2 + 1, name=f"host {number}", **there)
    return database


def test_leafing_forth_and_back_shows_everything_once(peopled):
    everybody = list(range(1, AMOUNT + 1))
    lists = [(PagedList.HOSTS, 0, everybody), (PagedList.HOSTS_OF, 2, everybody[1::2]), (PagedList.HOSTS_OF, 3, [])]
    lists += [(PagedList.VOLUNTEERS, 0, everybody), (PagedList.MEMBERS, 1, everybody), (PagedList.TEAMS, 0, [1])]
    for of, whose, all_ids in lists:
        assert count_list_entries(peopled, of, whose) == len(all_ids)
        forth, shown = [], read_list_part(peopled, of, limit=5, whose=whose)
        assert not shown.is_more_before
        while shown.is_more_after:
            forth += shown.ids
            shown = read_list_part(peopled, of, limit=5, after=shown.ids[-1], whose=whose)
        assert [*forth, *shown.ids] == all_ids
        back = list(shown.ids)
        while shown.is_more_before:
            shown = read_list_part(peopled, of, limit=5, before=shown.ids[0], whose=whose)
            back = [*shown.ids, *back]
        assert back == all_ids
    nothing = ListPart(ids=(), is_more_before=False, is_more_after=False)
    assert read_list_part(peopled, PagedList.HOSTS, limit=5, after=99) == nothing


def test_new_hosts_are_said_apart_and_balances_are_ranked(peopled, now):
    assert fleet_extent.measure_fleet_extent(peopled) == FleetExtent(hosts=0, cores=0, new=AMOUNT)
    with peopled.transaction():
        for number in range(1, 4):
            host_store.set_standing(peopled, number, Standing(valid_in_row=number))
        ours, capacity = accounts.find_laboratory_account(peopled, now), Capacity(cores=5, memory_mb=1)
        host_store.upsert_host(peopled, volunteer_id=ours, name="here", platform=LINUX, capacity=capacity, now=now)
    assert fleet_extent.measure_fleet_extent(peopled) == FleetExtent(hosts=4, cores=11, new=AMOUNT - 3)
    with peopled.transaction():
        for number, amount in ((1, 500), (2, 900), (3, 500), (4, 100)):
            ledger.carry_over_credit(
                peopled, number, source="b", amount=amount, because="a test", now=now - timedelta(days=2)
            )
        for number in (2, 5):
            ledger.carry_over_credit(peopled, number, source="a", amount=7, because="a test", now=now)
    places = {amount: find_credit_rank(peopled, ledger.VOLUNTEER, amount) for amount in (907, 500, 100, 7)}
    assert places == {907: 1, 500: 2, 100: 4, 7: 5}
    carried = [(credit.source, credit.amount, credit.at) for credit in list_carried_credit(peopled, 2)]
    assert carried == [("a", 7, now), ("b", 900, now - timedelta(days=2))]
    found = list_recent_balances(peopled, ledger.VOLUNTEER, now - timedelta(days=1))
    assert [(number, balance.total) for number, balance in found] == [(5, 7)]


def test_a_host_that_has_had_a_valid_task_counts_whatever_came_after(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host(volunteer="Bob")
    small_lab.deploy()
    order = small_lab.order(1)
    assert fleet_extent.measure_fleet_extent(small_lab.db).new == 1
    small_lab.report(order, small_lab.output(order))
    assert small_lab.validate() == 1
    with small_lab.db.transaction():
        host_store.set_standing(small_lab.db, 1, Standing(valid_in_row=0))
    extent = fleet_extent.measure_fleet_extent(small_lab.db)
    assert (extent.hosts, extent.new) == (1, 0)


def questions(module: ModuleType) -> list[tuple[str, str]]:
    """Every SQL text of a module, under its name."""
    tables = {
        name: value.values() for name, value in vars(module).items() if isinstance(value, dict) and name[0] == "_"
    }
    texts = [(name, text) for name, value in vars(module).items() for text in tables.get(name, [value])]
    return [(name, text) for name, text in texts if isinstance(text, str) and text.lstrip().startswith("SELECT")]


@pytest.mark.parametrize(
    "module",
    [fleet_extent, paged_lists, credit, tasks, contributions, tiles, uploads],
    ids=lambda module: module.__name__,
)
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
