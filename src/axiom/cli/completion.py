"""The line that turns on completion in a shell, and what it completes beside the names of commands.

Nothing is imported for it before the key is pressed.
"""

from typing import TYPE_CHECKING

import click

from axiom import shipped
from axiom.errors import Refused
from axiom_weigh.terminal import print_text

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_experiment_name(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """The catalogue's names that begin so; where none does, it is a file of the person's own."""
    from click.shell_completion import CompletionItem

    names = sorted(path.stem for path in shipped.catalogue_folder().glob("[a-z]*.py"))
    named = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what your shell must read to complete `axiom`.

    For bash: axiom completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    from axiom.cli.main import axiom

    kind = get_completion_class(shell)
    if kind is None:
        raise Refused(f"There is no completion for {shell}.")
    print_text(kind(axiom, {}, "axiom", "_AXIOM_COMPLETE").source())
