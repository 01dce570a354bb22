"""`axiom docs`: the reference in docs/reference, from the program itself."""

from pathlib import Path

import click

from axiom.cli import docs as pages
from axiom.cli.main import axiom
from axiom.cli.options import remark


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a page is not current.")
def docs(check: bool) -> None:
    """Write docs/reference from the program, or check that it is current. For a checkout."""
    checkout = Path.cwd()
    if check:
        stale = pages.outdated(axiom, checkout)
        if stale:
            click.echo(f"Not current in docs/reference: {', '.join(stale)}. `axiom docs` writes them.")
            raise click.exceptions.Exit(1)
        return
    changed = pages.write(axiom, checkout)
    remark(f"Written: {', '.join(changed)}" if changed else "Everything was current.")
