"""The tree of commands. It imports click and nothing heavier, so that `axiom --help` is quick."""

import click

from axiom import __version__
from axiom.cli.groups import LazyGroup

# Needed once, by whoever looks for them: the help has to fit a screen.
_UNLISTED = frozenset({"completion", "docs", "help"})
_TOGETHER = {  # so that it still fits when every noun is there
    ("serve", "work", "pi"): "Its parts: server and site, more cores, autopilot.",
    ("init", "upgrade"): "A new laboratory; old data to this version.",
    ("status", "doctor", "logs"): "What it is doing, what is wrong, what it wrote down.",
    ("session", "proposal"): "Rounds of work, and what is asked next: list, run …",
    ("workunit", "task"): "What is ordered and given out: list, cancel, abort …",
    ("failure", "watch", "mail"): "What goes wrong, what to be told of, by mail: list …",
    ("data", "news", "idea"): "Export what was measured; news and ideas: list …",
    ("runner", "host", "cluster"): "What computers run, which compute, keys for clusters.",
    ("volunteer", "team"): "Whose computers these are: list, show, carry-over …",
    ("backup", "restore"): "One file that holds the laboratory, and back.",
    ("archive", "follow"): "What moved out of the database; a copy for the site.",
    ("program", "mcp", "model"): "Programs that may work here; their tools; a model.",
    ("keys", "settings", "audit"): "Who may sign, every knob, who did what: show …",
}
_COMMANDS = {
    "lab": ("laboratory.start", "The whole laboratory on this computer."),
    "serve": ("laboratory.start", "Server and site alone."),
    "work": ("laboratory.work", "More cores for a laboratory that is running, here or elsewhere."),
    "pi": ("session.sessions", "The autopilot alone: sessions, whenever there is a reason."),
    "init": ("laboratory.operate", "A new laboratory: folder, keys, settings, database."),
    "status": ("laboratory.operate", "What the laboratory is doing now."),
    "doctor": ("laboratory.operate", "What is wrong, and what to do about it."),
    "logs": ("laboratory.logs", "The newest lines that it wrote down of its own running."),
    "mail": ("laboratory.mail", "Do mail and alerts arrive? try."),
    "experiment": ("experiment.group", "Questions: new, list, show, run, publish, deploy …"),
    "registration": ("finding.registrations", "What was asked before: list, show, verify …"),
    "proposal": ("finding.proposals", "What might be asked next: list, show, approve, refuse."),
    "idea": ("finding.ideas", "Questions nobody has asked yet: list, add, answer …"),
    "finding": ("finding.findings", "What is concluded so far: list, show, link, export …"),
    "weigh": ("finding.weigh", "How sure is it? Any CSV of seeds and values."),
    "session": ("session.sessions", "Rounds of work on evidence: list, show, run, plan."),
    "workunit": ("host.tasks", "What is ordered: list, show, cancel."),
    "task": ("host.tasks", "What hosts were given: list, show, output, abort."),
    "failure": ("laboratory.failures", "What goes wrong, in groups: list."),
    "watch": ("laboratory.failures", "Be told of a result: list, register, end."),
    "runner": ("laboratory.runners", "What volunteers' computers are given to run: fetch, sign."),
    "host": ("host.hosts", "Which computers compute: list, show, why."),
    "volunteer": ("host.volunteers", "Whose computers these are: list, show, carry-over …"),
    "team": ("host.volunteers", "Volunteers who compute together: list, show."),
    "ledger": ("ledger.ledger", "Credit: price, policy, show, verify, correct …"),
    "data": ("laboratory.data", "What was measured, to take away: export."),
    "news": ("laboratory.news", "What the operator says to everybody: list, add, withdraw."),
    "cluster": ("laboratory.clusters", "Keys with which the pilots of a cluster compute: list, add, renew, revoke."),
    "program": ("laboratory.programs", "Programs that may work here: list, add, limit, end."),
    "model": ("laboratory.model", "Does the language model that the settings name answer? try."),
    "mcp": ("laboratory.mcp", "Tools for a language model's client, over standard input and output."),
    "backup": ("laboratory.backup", "One file that holds the whole laboratory, also while it works."),
    "restore": ("laboratory.backup", "A laboratory from such a file, proven."),
    "upgrade": ("laboratory.backup", "A laboratory's data, brought to this version after a copy."),
    "archive": ("laboratory.archive", "What moved out of the database, a file a month."),
    "follow": ("laboratory.follow", "A read-only copy that goes along with its laboratory, and its site."),
    "keys": ("laboratory.keys", "Who may sign what: show, status, make, request, sign, accept, rotate."),
    "settings": ("laboratory.operate", "Every knob, its value and where it comes from: show."),
    "audit": ("laboratory.operate", "Proof of who did what: show, verify."),
    "help": ("help_topics", "The help of a command, or what the exit codes mean: help exit-codes."),
    "completion": ("laboratory.operate", "The line that turns on completion in your shell."),
    "docs": ("reference", "Write docs/reference from the program, or check it."),
}


@click.group(
    cls=LazyGroup,
    table=_COMMANDS,
    unlisted=_UNLISTED,
    together=_TOGETHER,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit: 0 done, 1 no, 2 wrong use, 3 not found, 4 refused, 5 no start, 70 ours",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def axiom() -> None:
    """Ask questions of small neural networks, and know how sure the answers are."""
