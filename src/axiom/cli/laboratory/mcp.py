"""`axiom mcp`: tools for a language model's client, over standard input and output."""

import os
from pathlib import Path

import click

from axiom.cli.output import data_option
from axiom.errors import CannotStart, NoLab, WrongUse
from axiom.store.engine.folder import Folder


@click.command("mcp")
@click.option("--server", metavar="URL", help="A laboratory elsewhere, whose setting api is on; else that of --data.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file with the program's token; else it is AXIOM_TOKEN.",
)
@click.option("--operate", is_flag=True, help="Offer every command that the token allows, as a tool.")
@data_option
def mcp(server: str | None, token_file: Path | None, operate: bool, folder: Folder) -> None:
    """Offer a running laboratory to a language model's client, which starts this and speaks through standard input.

    `axiom program add NAME --may propose` makes the token.
    """
    token = _token(token_file)
    try:
        from axiom.mcp.stdio import serve_stdio
    except ImportError as error:
        raise CannotStart(
            f"The package mcp is not there ({error}). Nothing was started; install axiom-lab[mcp]."
        ) from error
    if server is None and not folder.programs_socket.exists():
        raise NoLab(
            f"No laboratory runs in {folder.path}. Nothing was started; start it with axiom lab, name its folder with "
            "--data, or the address of another one with --server."
        )
    serve_stdio(server or folder.programs_socket, token, operates=operate)


def _token(file: Path | None) -> str:
    try:
        token = (file.read_text() if file else os.environ.get("AXIOM_TOKEN", "")).strip()
    except (OSError, ValueError) as error:
        raise WrongUse(f"{file} cannot be read ({error}). Nothing was started.") from error
    if not token:
        raise WrongUse(
            "There is no token. Nothing was started; axiom program add makes one, and AXIOM_TOKEN or --token-file "
            "brings it here."
        )
    return token
