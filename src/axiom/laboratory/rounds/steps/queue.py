"""A step of rounds: what waits, what is out and what is done of each experiment, and whether work flows."""

from axiom.domain.rounds import Note
from axiom.domain.work import TaskState
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.limits import hosts as limits
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.rounds import session_counts


def tell_queue(this_round: OpenRound) -> list[Note]:
    """Count the queue of each open version that has one, and the hosts that fetched from it in the last hour."""
    counted = counters.read_counters(this_round.db)
    notes = []
    for experiment in experiments.list_experiment_versions(this_round.db):
        states = {state: counted.get(("task", experiment.id, state), 0) for state in TaskState}
        if states[TaskState.UNSENT] or states[TaskState.SENT] or states[TaskState.RETURNED]:
            name = experiment.whole_name
            notes.append(_note(name, states))
    notes = notes or [Note(kind="queue.nothing", text="No task waits, and none is out.", about="/status")]
    return [*shorten_notes(notes, "Versions with a queue", "/status"), _flow(this_round)]


def _note(name: str, states: dict[TaskState, int]) -> Note:
    return Note(
        kind="queue.experiment",
        text="{experiment}: tasks unsent {unsent}, in progress {sent}, to be judged {returned}, valid {valid}.",
        facts={
            "experiment": name,
            "unsent": states[TaskState.UNSENT],
            "sent": states[TaskState.SENT],
            "returned": states[TaskState.RETURNED],
            "valid": states[TaskState.VALID],
        },
        about="/status",
        rows={"experiment": f"/experiments/{name}"},
    )


def _flow(this_round: OpenRound) -> Note:
    since = this_round.now - limits.COUNTED_ON_FOR
    hosts, cores = session_counts.count_seen_hosts(this_round.db, since)
    fetching = session_counts.count_fetching_hosts(this_round.db, since)
    facts = {"hosts": hosts, "cores": cores, "fetching": fetching}
    text = "heard from in the last hour: {hosts} host(s) with {cores} core(s); fetched tasks since: {fetching}."
    kind, begins = ("queue.flows", "Work flows; ") if fetching else ("queue.still", "Work does not flow; ")
    return Note(kind=kind, text=begins + text, facts=facts, about="/hosts")
