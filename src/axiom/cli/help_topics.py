"""`axiom help`: the help of any command, and what belongs to no single one."""

from collections.abc import Sequence

import click

from axiom.cli.output import show_table
from axiom.errors import WrongUse
from axiom_weigh.terminal import print_text

EXITS = {
    0: "done; also when whoever read the output had seen enough",
    1: "no: what was computed failed, or what was checked is not so",
    2: "wrong use: the words of the command are off, and nothing was started",
    3: "not found: there is no such thing",
    4: "refused: a limit or a rule says no, or an approval is missing",
    5: "no start: folder, port, lock, disk, clock or keys are in the way",
    70: "a fault of ours; AXIOM_DEBUG=1 shows where it happened",
    130: "interrupted by Ctrl-C; the same command goes on where it stopped",
}


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND... | exit-codes]")
@click.pass_context
def topics(context: click.Context, words: Sequence[str]) -> None:
    """Show the help of a command, as --help does; of `exit-codes`, what the numbers mean with which commands end."""
    if list(words) == ["exit-codes"]:
        show_table(("exit", "meaning"), list(EXITS.items()), none="")
        return
    subject = context.find_root()
    for word in words:
        group = subject.command
        if not isinstance(group, click.Group):
            raise WrongUse(
                f"`{subject.command_path}` has no commands of its own, so none {word!r}. Nothing was started."
            )
        _, command, _ = group.resolve_command(subject, [word])
        if command is not None:
            subject = click.Context(command, parent=subject, info_name=word)
    print_text(subject.get_help())
