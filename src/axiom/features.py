"""A card for each noun of the laboratory: what it is, its commands, and the rooms that do not bear its name.

`axiom --help`, the commands that the gate takes and the pages of the site are loops over these cards.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Feature(NamedTuple):
    """One noun. A module or a folder of its name is its own; `rooms` names what has another name."""

    about: str
    rooms: str = ""  # modules and packages of `axiom`, from the bottom up
    commands: str = ""  # the nouns with which the commands in its folder of `laboratory` begin
    terminal: Mapping[str, tuple[str, str]] = MappingProxyType({})  # by name: a module of `cli`, and the help's line


FEATURES = {  # in the order in which a newcomer meets them at the terminal
    "server": Feature(
        "The laboratory as a program: to start, to look after, and what every other noun is built from.",
        terminal={
            "lab": ("laboratory.start", "The whole laboratory on this computer."),
            "serve": ("laboratory.start", "Server and site alone."),
            "work": ("laboratory.work", "More cores for a laboratory that is running, here or elsewhere."),
            "pi": ("session.sessions", "The autopilot alone: sessions, whenever there is a reason."),
            "init": ("laboratory.init", "A new laboratory: folder, keys, settings, database."),
            "status": ("laboratory.status", "What the laboratory is doing now."),
            "doctor": ("laboratory.doctor", "What is wrong, and what to do about it."),
            "logs": ("laboratory.logs", "The newest lines that it wrote down of its own running."),
        },
    ),
    "adoption": Feature(
        "A project of another server whose people, computers and credit go on here.",
        rooms="cli.laboratory.adopt server.accounts.stored_passwords server.http.foreign_uploads "
        "store.tasks.foreign_tasks",
        terminal={"adopt": ("laboratory.adopt", "A project on an official BOINC server becomes a laboratory.")},
    ),
    "mail": Feature(
        "What volunteers and the operator are told by mail, and alerts.",
        rooms="web.account.mail_links",
        commands="account",
        terminal={"mail": ("laboratory.mail", "Do mail and alerts arrive? try.")},
    ),
    "experiments": Feature(
        "Questions: files of the catalogue, tried out, published, let out and recalled.",
        rooms="domain.declaration domain.estimands domain.preflights domain.releases domain.wrap kit reads.kin",
        commands="experiment draft finding",
        terminal={"experiment": ("experiment.group", "Questions: new, list, show, run, publish, deploy …")},
    ),
    "registrations": Feature(
        "What is written down before it is computed, and what somebody predicts of it.",
        commands="registration",
        terminal={"registration": ("finding.registrations", "What was asked before: list, show, verify …")},
    ),
    "proposals": Feature(
        "Follow-up questions that wait for an answer.",
        commands="proposal",
        terminal={"proposal": ("finding.proposals", "What might be asked next: list, show, approve, refuse.")},
    ),
    "ideas": Feature(
        "Questions that nobody has asked yet.",
        commands="idea",
        terminal={"idea": ("finding.ideas", "Questions nobody has asked yet: list, add, answer …")},
    ),
    "findings": Feature(
        "What is concluded, from which evidence, how it hangs together, and papers about it.",
        rooms="domain.evidence domain.headlines domain.links reads.base.scope reads.evidence_cards reads.link_graph "
        "reads.honesty reads.old_claims store.views.citable store.views.contributions web.export web.papers",
        commands="finding log paper reference",
        terminal={
            "finding": ("finding.findings", "What is concluded so far: list, show, link, export …"),
            "reference": ("finding.references", "Literature that a person approved: list, add …"),
            "weigh": ("finding.weigh", "How sure is it? Any CSV of seeds and values."),
        },
    ),
    "figures": Feature(
        "Pictures of findings and sweeps.",
    ),
    "maps": Feature(
        "Pictures of two factors, computed ever finer where it is worth it.",
    ),
    "rounds": Feature(
        "Rounds of work on evidence, step by step, and what each has to tell.",
        rooms="autopilot laboratory.open_round laboratory.policy "
        "service.autopilot service.scientist store.views.sessions cli.session.diff cli.session.sessions",
        commands="session",
        terminal={"session": ("session.sessions", "Rounds of work on evidence: list, show, run, plan.")},
    ),
    "planning": Feature(
        "What is ordered next, and where it goes.",
        rooms="domain.costs reads.plan rules.hosts.learned_costs store.experiments.costs cli.session",
    ),
    "tasks": Feature(
        "What is ordered, given out, computed, brought back and judged.",
        rooms="domain.value domain.work engines server.dispatch server.returns server.scheduler "
        "service.computing_parts",
        commands="workunit task",
        terminal={
            "workunit": ("host.tasks", "What is ordered: list, show, cancel."),
            "task": ("host.tasks", "What hosts were given: list, show, output, abort."),
        },
    ),
    "failures": Feature(
        "What goes wrong, and results that somebody waits for.",
        rooms="domain.failure_causes store.upkeep.watches cli.laboratory.watches",
        commands="watch",
        terminal={
            "failure": ("laboratory.failures", "What goes wrong, in groups: list."),
            "watch": ("laboratory.watches", "Be told of a result: list, register, end."),
        },
    ),
    "runner": Feature(
        "The program on a volunteer's computer: built, signed, offered, and what it does there.",
        rooms="runner rules.hosts.suitable_runners service.runner_build store.experiments.runner_offers",
        terminal={"runner": ("laboratory.runners", "What volunteers' computers are given to run: fetch, sign.")},
    ),
    "hosts": Feature(
        "Computers that compute, and how BOINC's client speaks for them.",
        rooms="boinc domain.fleet service.volunteer_project store.views.fleet_extent",
        commands="host",
        terminal={"host": ("host.hosts", "Which computers compute: list, show, why.")},
    ),
    "accounts": Feature(
        "Volunteers, their teams, and those of them who operate the site.",
        rooms="domain.operators store.views.volunteer_totals cli.host.volunteers",
        commands="account operator team",
        terminal={
            "volunteer": ("host.volunteers", "Whose computers these are: list, show, carry-over …"),
            "team": ("host.volunteers", "Volunteers who compute together: list, show."),
        },
    ),
    "credit": Feature(
        "Thanks for computing, by tariffs that everybody can read.",
        rooms="reads.leaderboards reads.ledger store.views.team_race cli.host.carry_over cli.ledger",
        commands="ledger volunteer",
        terminal={"ledger": ("ledger.ledger", "Credit: price, policy, show, verify, correct …")},
    ),
    "results": Feature(
        "What was measured, to look through and to take away.",
        rooms="notebook store.views.exported_rows web.api.paged_results cli.laboratory.data",
        terminal={"data": ("laboratory.data", "What was measured, to take away: export.")},
    ),
    "news": Feature(
        "What everybody is told who computes or reads here.",
        rooms="reads.feeds",
        commands="news",
        terminal={"news": ("laboratory.news", "What the operator says to everybody: list, add, withdraw.")},
    ),
    "clusters": Feature(
        "Cores of a cluster, which compute through pilots with a key.",
        rooms="server.pilots service.pilot_job cli.laboratory.work",
        commands="cluster",
        terminal={"cluster": ("laboratory.clusters", "Keys for the pilots of a cluster: list, add, renew, revoke.")},
    ),
    "programs": Feature(
        "Programs that work here with a token, and the API for them.",
        rooms="gate.client rules.accounts.request_rate reads.brief_for_programs web.api",
        commands="program notebook",
        terminal={"program": ("laboratory.programs", "Programs that may work here: list, add, limit, end.")},
    ),
    "language_models": Feature(
        "Models that the laboratory asks, and tools for models that work in it.",
        rooms="mcp models service.mcp_local_access service.mcp_on_site cli.laboratory.mcp cli.laboratory.model",
        terminal={
            "model": ("laboratory.model", "Does the language model that the settings name answer? try."),
            "mcp": ("laboratory.mcp", "Tools for a language model's client, over standard input and output."),
        },
    ),
    "backups": Feature(
        "Copies of the laboratory, its journal, what moved out of the database, and a copy that goes along.",
        rooms="laboratory.promises service.follow_journal store.journal store.tasks.archives store.upkeep.last_backup "
        "cli.laboratory.archive cli.laboratory.follow",
        terminal={
            "backup": ("laboratory.backup", "One file that holds the whole laboratory, also while it works."),
            "restore": ("laboratory.backup", "A laboratory from such a file, proven."),
            "upgrade": ("laboratory.backup", "A laboratory's data, brought to this version after a copy."),
            "archive": ("laboratory.archive", "What moved out of the database, a file a month."),
            "follow": ("laboratory.follow", "A read-only copy that goes along with its laboratory, and its site."),
        },
    ),
    "keys": Feature(
        "Who may sign what, and everything that travels signed.",
        rooms="signed cli.laboratory.key_status cli.laboratory.gather_signing_request "
        "cli.laboratory.describe_signing_request",
        commands="experiment runner",
        terminal={"keys": ("laboratory.keys", "Who may sign what: show, status, make, request, sign, accept, rotate.")},
    ),
    "gate": Feature(
        "The one door to a change: who may, what it costs, and the proof of who did what.",
        rooms="domain.callers gate laboratory.open_gate rules.accounts.command_permission settings store.upkeep.audit "
        "store.upkeep.spent_allowances cli.laboratory.audit cli.laboratory.settings",
        terminal={
            "settings": ("laboratory.settings", "Every knob, its value and where it comes from: show."),
            "audit": ("laboratory.audit", "Proof of who did what: show, verify."),
        },
    ),
    "terminal": Feature(
        "`axiom` itself: its tree of commands, their help, and the reference that is written from the program.",
        terminal={
            "help": ("help_topics", "The help of a command, or what the exit codes mean: help exit-codes."),
            "completion": ("completion", "The line that turns on completion in your shell."),
        },
    ),
}


def noun_of(module: str, cards: Mapping[str, Feature] = MappingProxyType(FEATURES)) -> str:
    """The noun of a module of `axiom`: by the card that names its room, or by the name that it or its folder bears."""
    parts = module.split(".")[1:]
    named = [
        (len(room), noun)
        for noun, card in cards.items()
        for room in card.rooms.split()
        if f"{module}.".startswith(f"axiom.{room}.")
    ]
    if named:
        return max(named)[1]
    nouns = {noun.removesuffix("s"): noun for noun in cards}
    bearing = parts[1:2] if parts[0] == "laboratory" else reversed(parts[1:])
    fallback = "terminal" if parts[:-1] == ["cli"] else "server"
    return next((nouns[part.removesuffix("s")] for part in bearing if part.removesuffix("s") in nouns), fallback)
