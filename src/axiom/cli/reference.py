"""`axiom docs`: what is written from the program itself, the reference and the list of what the catalogue declares."""

from pathlib import Path

import click

from axiom.cli import reference_docs as pages
from axiom.cli.main import axiom
from axiom.lab.experiments import declared
from axiom.service.terminal import remark


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a page is not current.")
def docs(check: bool) -> None:
    """Write docs/reference and the catalogue's declared.json, or check that they are current. For a checkout."""
    checkout = Path.cwd()
    package = checkout / "src" / "axiom"
    unlisted = declared.outdated(package)
    if check:
        stale = pages.outdated(axiom, checkout)
        if stale:
            click.echo(f"Not current in docs/reference: {', '.join(stale)}. `axiom docs` writes them.")
        if unlisted:
            click.echo(f"Not current in {declared.LIST}: {', '.join(unlisted)}. `axiom docs` asks them.")
        if stale or unlisted:
            raise click.exceptions.Exit(1)
        return
    changed = pages.write(axiom, checkout)
    if unlisted:
        text = declared.written(package)
        (package / "catalogue" / declared.LIST).write_text(text, encoding="utf-8")
        changed.append(declared.LIST)
    remark(f"Written: {', '.join(changed)}" if changed else "Everything was current.")
