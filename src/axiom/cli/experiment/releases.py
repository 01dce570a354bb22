"""`axiom experiment pause, resume, require, approve, rollback, retire`: hold a version, say where it goes, end it."""

from axiom.cli.changes import change_command
from axiom.gate.command import Answer


def _describe_pause(answer: Answer) -> str:
    where = f" on {answer['platform']}" if answer["platform"] else ""
    version = f"{answer['experiment']}@{answer['version']}"
    return f"{version} is paused{where}; {answer['out']} tasks are out and go on"


CHANGES = {
    "pause": change_command("experiment.pause", _describe_pause, noun="release"),
    "resume": change_command("experiment.resume", "{experiment}@{version} goes on; lifted: {lifted}", noun="release"),
    "require": change_command(
        "experiment.require",
        "{experiment}: tasks go to computers that lend at least {least_cores} cores, {least_memory_mb} MB, "
        "{times_longer} × the usual bound",
        noun="rule",
    ),
    "approve": change_command(
        "experiment.approve", "{experiment}@{version} is approved by {by}, bundle {serial}", noun="release"
    ),
    "rollback": change_command(
        "experiment.rollback",
        "{experiment}@{version} is back at bundle {was}, as {serial}, instead of {instead_of}; {unsent} tasks wait "
        "and get it, {out} are out and go on",
        noun="release",
    ),
    "retire": change_command("experiment.retire", "{cancelled} workunits cancelled"),
    "reopen": change_command("experiment.reopen", "{experiment}@{version} is open again", noun="reopened"),
}
