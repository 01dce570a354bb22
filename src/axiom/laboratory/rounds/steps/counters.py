"""A step of rounds: the laboratory's counters as it publishes them, and that they do not contradict each other."""

from axiom.domain.rounds import Note
from axiom.domain.work import TaskState
from axiom.laboratory.open_round import OpenRound
from axiom.store.credit import ledger
from axiom.store.engine import counters
from axiom.store.rounds import session_counts
from axiom.store.views import fleet_extent


def publish_counters(this_round: OpenRound) -> list[Note]:
    """Derive every counter anew; what was credited can never be more than what is valid."""
    counted = counters.read_counters(this_round.db)
    valid, results = counters.sum_counters(counted, "task", TaskState.VALID), counters.sum_counters(counted, "result")
    credited, fleet = session_counts.count_paid_tasks(this_round.db), fleet_extent.measure_fleet_extent(this_round.db)
    hosts, new = fleet.hosts + fleet.new, fleet.new
    notes = [
        Note(
            kind="publish.counters",
            text="Results {results}, valid tasks {valid}, of these credited {credited} and waiting "
            "{waits}; hosts {hosts}, of which {new} had no valid task yet.",
            facts={
                "results": results,
                "valid": valid,
                "credited": credited,
                "waits": ledger.count_unpaid_tasks(this_round.db),
                "hosts": hosts,
                "new": new,
            },
            about="/status",
            rows={"credited": "/ledger", "waits": "/ledger", "hosts": "/hosts", "results": "/results"},
        ),
    ]
    return [*notes, *_contradiction(credited, valid)]


def _contradiction(credited: int, valid: int) -> list[Note]:
    if credited <= valid:
        return []
    return [
        Note(
            kind="publish.contradiction",
            text="The counters contradict each other: tasks credited {credited}, valid {valid}. "
            "`axiom ledger verify` names the first difference.",
            facts={"credited": credited, "valid": valid},
            about="/ledger",
            rows={"valid": "/status"},
        )
    ]
