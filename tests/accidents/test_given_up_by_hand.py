"""Exit status 203 on five tasks of one computer was read as a time limit, and the limit was doubled."""

import pytest
from scheduler_calls import Client, report

from axiom.boinc import exit_codes as exits
from axiom.domain.failure_causes import Cause
from axiom.laboratory.experiments.breaker import find_failing_versions
from axiom.laboratory.failures.rules.failures import VOLUNTEER, group_failures, suggest_remedy
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.store.hosts import hosts
from axiom.store.tasks import endings

GIVEN_UP, TIME_LIMIT = 203, 197
LEAST_MARGIN = 10.0  # times what a task should take on its host, before BOINC's own limit ends it


def test_tasks_that_somebody_gave_up_say_nothing_of_the_experiment(exchange):
    """Somebody has ended five tasks at once: the experiment stands as before, and this computer gets fewer."""
    exchange.deploy(10)
    client = Client(exchange.join().key)
    given = dict(list(exchange.call(client, ask=5_000.0).tasks.items())[:5])
    assert len(given) == 5
    exchange.call(client, *(report(name, status=GIVEN_UP, state=6) for name in given))
    exchange.lab.later(seconds=1)
    exchange.do(lambda db: count_failures(db, exchange.lab.now))
    (group,) = exchange.do(lambda db: group_failures(endings.list_failure_counts(db), endings.list_working_hosts(db)))
    assert group.cause == Cause.ABORTED_BY_VOLUNTEER
    assert group.tasks == 5
    assert suggest_remedy(group).look_at == VOLUNTEER
    assert exchange.do(find_failing_versions) == []
    assert exchange.do(lambda db: db.select("SELECT id FROM workunit WHERE state <> 'open'")) == []
    standing = exchange.do(lambda db: hosts.find_host(db, client.host)).standing
    assert standing.quota is not None
    assert standing.quota < 32
    assert exchange.broken() == {}


def test_boincs_own_time_limit_is_far_beyond_what_a_task_should_take(exchange):
    client = Client(exchange.join().key)
    (handed,) = exchange.call(client, ask=1.0).tasks.values()
    expected, most = (float(handed.workunit.findtext(f"rsc_fpops_{what}")) for what in ("est", "bound"))
    assert most >= LEAST_MARGIN * expected


def test_the_old_way_took_a_person_for_a_time_limit(exchange, monkeypatch):
    monkeypatch.setitem(exits._BY_BOINC, GIVEN_UP, exits._BY_BOINC[TIME_LIMIT])
    with pytest.raises(AssertionError, match="time-limit"):
        test_tasks_that_somebody_gave_up_say_nothing_of_the_experiment(exchange)
