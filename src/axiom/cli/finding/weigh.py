"""`axiom weigh FILE.csv`: how sure is it, for whoever has numbers of their own and no laboratory."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from axiom.cli.output import color_option, json_option, quiet_option
from axiom_weigh.cli.options import OPTIONS, WeighOption, spread_arms, weigh_files

F = TypeVar("F", bound=Callable[..., Any])


def _weigh_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = _clicked(option)(command)
    return command


def _clicked(option: WeighOption) -> Callable[[F], F]:
    if option.is_flag:
        return click.option(option.name, is_flag=True, help=option.help)
    return click.option(
        option.name,
        metavar=option.metavar,
        type=click.Path(path_type=Path, dir_okay=False) if option.kind is Path else option.kind,
        nargs=option.words,
        multiple=option.is_many,
        default=option.default,
        help=option.help,
    )


class _WeighCommand(click.Command):
    """Takes any number of words after --of."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        return super().parse_args(ctx, spread_arms(args))


@click.command("weigh", cls=_WeighCommand)
@click.argument("files", metavar="FILE", nargs=-1, type=click.Path(path_type=Path))
@_weigh_options
@json_option
@quiet_option
@color_option
def weigh(files: tuple[Path, ...], as_json: bool, quiet: bool, **options: Any) -> None:
    """Say how sure it is what a CSV or JSON file says: one row a seed, or one row a run of two arms.

    FILE may be packed with gzip; - is standard input. Several files, several --value, or more than two words after --of
    are several claims, and it is said which stand among all. Read are the columns seed and value, issue, block, host,
    volunteer, platform, design and outcome. Nothing is stored and no laboratory is needed.
    Exits 1 when a claim could not be weighed, or has another verdict than --fail-unless demands.
    """
    if status := weigh_files(files, options, as_json=as_json, quiet=quiet):
        sys.exit(status)
