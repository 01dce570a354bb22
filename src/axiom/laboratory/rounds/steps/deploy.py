"""The deploying step: what was planned is ordered. Then where work is: by class of host, and who has none and why."""

from collections.abc import Sequence

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.replicate_orders import find_orderable_registration, order_replicates
from axiom.laboratory.planning.tile_orders import order_tiles
from axiom.limits import hosts as host_limits
from axiom.limits import rounds as session_limits
from axiom.store.engine.database import Row
from axiom.store.experiments import experiments
from axiom.store.hosts import present_hosts
from axiom.store.rounds import rounds, session_counts


def order_planned(this_round: OpenRound) -> list[Note]:
    """Order what was planned; what was withdrawn or amended since is passed over."""
    planned = planning.plan_from_data(rounds.read_round_plan(this_round.db, this_round.round.id))
    notes = []
    for allotment in planned.allotments:
        experiment = experiments.find_experiment(this_round.db, allotment.experiment_id)
        if experiment is None or experiment.status != "open":
            continue
        if find_orderable_registration(this_round.db, experiment.id, allotment.registration_id) is None:
            continue
        made = order_replicates(
            this_round.db, allotment, max_failures=this_round.policy.max_failures, now=this_round.now
        )
        notes.append(
            Note(
                kind="deploy.ordered",
                text="{experiment}: workunits {first} to {last}, {workunits} in all.",
                facts={"workunits": len(made), "experiment": experiment.name, "first": made[0], "last": made[-1]},
                about=f"/experiments/{experiment.name}",
                rows={"first": f"/workunits/{made[0]}", "last": f"/workunits/{made[-1]}"},
            )
        )
    return notes or [Note(kind="deploy.nothing", text="Nothing was ordered.")]


def order_map_tiles(this_round: OpenRound) -> list[Note]:
    """Order the next tiles of maps: some beside other questions, and as many as there is room for where cores idle."""
    cores = planning.count_fleet_cores(this_round.db, this_round.now)
    lacking = max(0, cores - planning.count_waiting_tasks(this_round.db))
    ours = present_hosts.sum_own_cores(this_round.db, this_round.now - host_limits.COUNTED_ON_FOR)
    done = order_tiles(
        this_round.db, this_round.policy, this_round.now, cores=cores, lacking=lacking, has_volunteers=cores > ours
    )
    return [
        Note(
            kind="deploy.tiles",
            text="{experiment}: {tiles} tile(s) of its map at level {level}.",
            facts={"experiment": order.name, "level": order.level, "tiles": order.tiles},
            about=f"/experiments/{order.name}",
        )
        for order in done
    ]


def tell_orders(this_round: OpenRound) -> list[Note]:
    """What was ordered since the session before told of it: by this one, by people and by programs."""
    rows = session_counts.list_new_orders(
        this_round.db, rounds.read_reviewed_workunit(this_round.db, this_round.round.id)
    )
    if rows:
        rounds.set_reviewed_workunit(this_round.db, this_round.round.id, max(row["last"] for row in rows))
    notes = [
        Note(
            kind="deploy.new",
            text="{experiment}: workunits ordered since the session before, by whomever: {workunits}; hosts for which "
            "alone some of them are: {hosts}.",
            facts={
                "experiment": f"{row['name']}@{row['version']}",
                "workunits": row["workunits"],
                "hosts": row["hosts"],
            },
            about=f"/experiments/{row['name']}@{row['version']}",
        )
        for row in rows
    ]
    return shorten_notes(notes, "Versions of which something was ordered", "/experiments")


def tell_where_tasks_are(this_round: OpenRound) -> list[Note]:
    """Hosts fetch by themselves, so this is where tasks are now, and not where the new ones will go."""
    since = this_round.now - host_limits.COUNTED_ON_FOR
    rows = session_counts.list_host_classes(this_round.db, since)
    classes = [
        Note(
            kind="deploy.class",
            text="Hosts with {cores} core(s){gpu}: {hosts}, with {tasks} task(s).",
            facts={
                "cores": row["cores"],
                "gpu": " and a GPU" if row["has_gpu"] else "",
                "hosts": row["hosts"],
                "tasks": row["tasks"],
            },
            about="/hosts",
        )
        for row in rows[: session_limits.LINES_OF_A_KIND]
    ]
    if rest := rows[session_limits.LINES_OF_A_KIND :]:
        classes.append(_rest(rest))
    idle = [
        Note(
            kind="deploy.passed_over",
            text="Hosts that asked and have none: {hosts}, because {reason}",
            facts={"hosts": row["hosts"], "reason": row["why"]},
            about="/hosts",
        )
        for row in session_counts.count_idle_hosts_by_reason(this_round.db, since)
    ]
    if not classes:
        text = "No host was heard from in the last hour; what is ordered waits for one."
        return [Note(kind="deploy.no_host", text=text, about="/hosts")]
    return [
        *classes,
        *shorten_notes(idle, "Reasons for which hosts have none", "/hosts"),
    ]


def _rest(rows: Sequence[Row]) -> Note:
    """The smaller hosts, as a range of their sizes."""
    return Note(
        kind="deploy.class.rest",
        text="Other hosts, with {least} to {most} core(s): {hosts}, with {tasks} task(s).",
        facts={
            "least": rows[-1]["cores"],  # the largest come first
            "most": rows[0]["cores"],
            "hosts": sum(row["hosts"] for row in rows),
            "tasks": sum(row["tasks"] for row in rows),
        },
        about="/hosts",
    )
