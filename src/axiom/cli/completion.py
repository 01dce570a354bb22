"""What a shell may complete beside the names of commands. Nothing is imported for it before the key is pressed."""

from typing import TYPE_CHECKING

import click

from axiom import shipped

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
