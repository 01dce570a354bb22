"""A card for each noun of the laboratory: where its code lives, and its commands at the terminal.

`axiom --help`, the commands that the gate takes and the pages of the site are loops over these cards.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Feature(NamedTuple):
    """One noun. Where `rooms` names a package, all of it is this noun's but what another card names."""

    about: str
    rooms: str  # modules and packages of `axiom`, from the bottom up
    commands: str = ""  # the nouns with which the commands in its rooms begin
    terminal: Mapping[str, tuple[str, str]] = MappingProxyType({})  # by name: a module of `cli`, and the help's line

    def within(self, *packages: str) -> list[str]:
        """Its modules in these packages, as Python imports them."""
        return [f"axiom.{room}" for room in self.rooms.split() if room.rpartition(".")[0] in packages]


FEATURES = {  # in the order in which a newcomer meets them at the terminal
    "server": Feature(
        "The laboratory as a program: to start, to look after, and what every other noun is built from.",
        "limits.server locale decisions.upkeep.jobs decisions.upkeep.readiness store.connections store.engine "
        "store.migrate store.upkeep store.writer store.views server.http server.upkeep "
        "lab.upkeep.invariants web.base web.probes web.site web.socket web.views.home web.views.status service "
        "cli.laboratory.logs cli.laboratory.operate cli.laboratory.start",
        terminal={
            "lab": ("laboratory.start", "The whole laboratory on this computer."),
            "serve": ("laboratory.start", "Server and site alone."),
            "work": ("laboratory.work", "More cores for a laboratory that is running, here or elsewhere."),
            "pi": ("session.sessions", "The autopilot alone: sessions, whenever there is a reason."),
            "init": ("laboratory.operate", "A new laboratory: folder, keys, settings, database."),
            "status": ("laboratory.operate", "What the laboratory is doing now."),
            "doctor": ("laboratory.operate", "What is wrong, and what to do about it."),
            "logs": ("laboratory.logs", "The newest lines that it wrote down of its own running."),
        },
    ),
    "adoption": Feature(
        "A project of another server whose people, computers and credit go on here.",
        "store.accounts.adoption store.tasks.foreign_tasks server.accounts.stored_passwords "
        "server.http.foreign_uploads cli.laboratory.adopt",
        terminal={"adopt": ("laboratory.adopt", "A project on an official BOINC server becomes a laboratory.")},
    ),
    "mail": Feature(
        "What volunteers and the operator are told by mail, and alerts.",
        "limits.mail decisions.mail store.mail server.mail commands.mail web.mail web.account.mail "
        "service.mail cli.laboratory.mail",
        commands="account",
        terminal={"mail": ("laboratory.mail", "Do mail and alerts arrive? try.")},
    ),
    "experiments": Feature(
        "Questions: files of the catalogue, tried out, published, let out and recalled.",
        "limits.experiments domain.declaration domain.estimands domain.experiments domain.preflights domain.releases "
        "domain.wrap kit decisions.experiments store.experiments lab.experiments "
        "autopilot.preflights commands.experiments commands.drafts commands.releases commands.task_rules "
        "web.views.experiments web.views.releases cli.experiment",
        commands="experiment draft finding",
        terminal={"experiment": ("experiment.group", "Questions: new, list, show, run, publish, deploy …")},
    ),
    "registrations": Feature(
        "What is written down before it is computed, and what somebody predicts of it.",
        "limits.registrations domain.registrations decisions.findings.score_predictions store.registrations "
        "lab.registrations lab.evidence.score_predictions commands.registrations web.views.registrations "
        "cli.finding.registrations",
        commands="registration",
        terminal={"registration": ("finding.registrations", "What was asked before: list, show, verify …")},
    ),
    "proposals": Feature(
        "Follow-up questions that wait for an answer.",
        "limits.proposals domain.proposals decisions.followups store.registrations.proposals lab.followups "
        "commands.proposals commands.approvals web.views.proposals cli.finding.proposals",
        commands="proposal",
        terminal={"proposal": ("finding.proposals", "What might be asked next: list, show, approve, refuse.")},
    ),
    "ideas": Feature(
        "Questions that nobody has asked yet.",
        "limits.ideas store.registrations.ideas lab.followups.ideas commands.ideas web.account.ideas "
        "web.views.ideas cli.finding.ideas",
        commands="idea",
        terminal={"idea": ("finding.ideas", "Questions nobody has asked yet: list, add, answer …")},
    ),
    "findings": Feature(
        "What is concluded, from which evidence, how it hangs together, and papers about it.",
        "limits.findings domain.evidence domain.findings domain.headlines domain.links decisions.evidence "
        "decisions.findings store.evidence store.views.citable store.views.contributions store.views.findings "
        "lab.evidence lab.registrations.links lab.registrations.old_claims commands.links "
        "web.export web.papers web.views.evidence_cards web.views.findings web.views.graph "
        "web.papers.paper web.base.scope web.views.scorecard cli.finding.findings cli.finding.links "
        "cli.finding.references cli.finding.weigh",
        commands="finding log paper reference",
        terminal={
            "finding": ("finding.findings", "What is concluded so far: list, show, link, export …"),
            "reference": ("finding.references", "Literature that a person approved: list, add …"),
            "weigh": ("finding.weigh", "How sure is it? Any CSV of seeds and values."),
        },
    ),
    "figures": Feature(
        "Pictures of findings and sweeps.",
        "limits.figures store.upkeep.figures lab.redraw_figures web.views.figures",
    ),
    "maps": Feature(
        "Pictures of two factors, computed ever finer where it is worth it.",
        "limits.maps domain.maps decisions.planning.next_tiles store.maps store.views.maps lab.planning.tiles web.maps "
        "web.maps.pages",
    ),
    "sessions": Feature(
        "Rounds of work on evidence, step by step, and what each has to tell.",
        "limits.sessions domain.sessions decisions.sessions store.sessions store.views.sessions lab.policy lab.rounds "
        "lab.step lab.steps autopilot commands.sessions web.views.log web.views.session_lists web.views.sessions "
        "service.autopilot service.scientist cli.session",
        commands="session",
        terminal={"session": ("session.sessions", "Rounds of work on evidence: list, show, run, plan.")},
    ),
    "planning": Feature(
        "What is ordered next, and where it goes.",
        "limits.planning domain.costs domain.planning decisions.planning decisions.hosts.costs store.experiments.costs "
        "lab.planning web.views.plan cli.session.plan",
    ),
    "tasks": Feature(
        "What is ordered, given out, computed, brought back and judged.",
        "limits.tasks domain.value domain.work decisions.tasks store.tasks store.views.tasks server.dispatch "
        "server.returns server.scheduler engines commands.work web.views.tasks service.engine service.work_jobs "
        "cli.host.tasks",
        commands="workunit task",
        terminal={
            "workunit": ("host.tasks", "What is ordered: list, show, cancel."),
            "task": ("host.tasks", "What hosts were given: list, show, output, abort."),
        },
    ),
    "failures": Feature(
        "What goes wrong, and results that somebody waits for.",
        "domain.failure_causes domain.failures decisions.upkeep store.upkeep.watches commands.watches "
        "web.views.failures cli.laboratory.failures",
        commands="watch",
        terminal={
            "failure": ("laboratory.failures", "What goes wrong, in groups: list."),
            "watch": ("laboratory.failures", "Be told of a result: list, register, end."),
        },
    ),
    "runner": Feature(
        "The program on a volunteer's computer: built, signed, offered, and what it does there.",
        "limits.runner domain.runners runner decisions.hosts.runners store.experiments.runner_offers lab.runners "
        "service.runner_build cli.laboratory.runners",
        terminal={"runner": ("laboratory.runners", "What volunteers' computers are given to run: fetch, sign.")},
    ),
    "hosts": Feature(
        "Computers that compute, and how BOINC's client speaks for them.",
        "limits.hosts domain.fleet decisions.hosts store.hosts store.views.hosts boinc commands.hosts "
        "web.views.hosts service.volunteer_project cli.host.hosts",
        commands="host",
        terminal={"host": ("host.hosts", "Which computers compute: list, show, why.")},
    ),
    "accounts": Feature(
        "Volunteers, their teams, and those of them who operate the site.",
        "limits.accounts domain.operators decisions.accounts store.accounts store.views.daily_totals server.accounts "
        "commands.accounts commands.operators commands.passwords commands.teams web.account web.views.join "
        "web.views.volunteers cli.host.volunteers",
        commands="account operator team",
        terminal={
            "volunteer": ("host.volunteers", "Whose computers these are: list, show, carry-over …"),
            "team": ("host.volunteers", "Volunteers who compute together: list, show."),
        },
    ),
    "credit": Feature(
        "Thanks for computing, by tariffs that everybody can read.",
        "limits.credit domain.credit decisions.credit store.credit store.views.credit store.views.team_race lab.credit "
        "commands.ledger web.views.leaderboards web.views.ledger cli.host.carry_over cli.ledger",
        commands="ledger volunteer",
        terminal={"ledger": ("ledger.ledger", "Credit: price, policy, show, verify, correct …")},
    ),
    "results": Feature(
        "What was measured, to look through and to take away.",
        "store.tasks.results store.views.results store.views.tables web.api.result_table web.views.results notebook "
        "cli.laboratory.data",
        terminal={"data": ("laboratory.data", "What was measured, to take away: export.")},
    ),
    "news": Feature(
        "What everybody is told who computes or reads here.",
        "limits.news store.sessions.news commands.news web.views.news cli.laboratory.news",
        commands="news",
        terminal={"news": ("laboratory.news", "What the operator says to everybody: list, add, withdraw.")},
    ),
    "clusters": Feature(
        "Cores of a cluster, which compute through pilots with a key.",
        "limits.clusters domain.clusters store.hosts.clusters server.pilots commands.clusters service.pilot_job "
        "cli.laboratory.clusters cli.laboratory.work",
        commands="cluster",
        terminal={"cluster": ("laboratory.clusters", "Keys for the pilots of a cluster: list, add, renew, revoke.")},
    ),
    "programs": Feature(
        "Programs that work here with a token, and the API for them.",
        "domain.programs decisions.accounts.request_rate store.accounts.programs commands.client commands.programs "
        "web.api web.views.programs cli.laboratory.programs",
        commands="program",
        terminal={"program": ("laboratory.programs", "Programs that may work here: list, add, limit, end.")},
    ),
    "language_models": Feature(
        "Models that the laboratory asks, and tools for models that work in it.",
        "limits.language_models decisions.sessions.language_models "
        "models mcp service.mcp_local_access service.mcp_on_site "
        "cli.laboratory.mcp cli.laboratory.model",
        terminal={
            "model": ("laboratory.model", "Does the language model that the settings name answer? try."),
            "mcp": ("laboratory.mcp", "Tools for a language model's client, over standard input and output."),
        },
    ),
    "backups": Feature(
        "Copies of the laboratory, its journal, what moved out of the database, and a copy that goes along.",
        "limits.backups store.journal store.tasks.archives store.upkeep.last_backup lab.upkeep service.follow "
        "cli.laboratory.archive cli.laboratory.backup cli.laboratory.follow",
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
        "signed commands.sealing cli.laboratory.keys cli.laboratory.keys_describe cli.laboratory.keys_waiting",
        commands="experiment runner",
        terminal={"keys": ("laboratory.keys", "Who may sign what: show, status, make, request, sign, accept, rotate.")},
    ),
    "commands": Feature(
        "The one door to a change: who may, what it costs, and the proof of who did what.",
        "settings domain.callers decisions.accounts.command_permission store.upkeep.audit commands.base",
        terminal={
            "settings": ("laboratory.operate", "Every knob, its value and where it comes from: show."),
            "audit": ("laboratory.operate", "Proof of who did what: show, verify."),
        },
    ),
    "terminal": Feature(
        "`axiom` itself: its tree of commands, their help, and the reference that is written from the program.",
        "cli",
        terminal={
            "help": ("help_topics", "The help of a command, or what the exit codes mean: help exit-codes."),
            "completion": ("laboratory.operate", "The line that turns on completion in your shell."),
        },
    ),
}


def noun_of(module: str) -> str:
    """The noun of a module of `axiom`: that of the nearest package which a card names."""
    around = [
        (len(room), noun)
        for noun, card in FEATURES.items()
        for room in card.rooms.split()
        if f"{module}.".startswith(f"axiom.{room}.")
    ]
    return max(around)[1]
