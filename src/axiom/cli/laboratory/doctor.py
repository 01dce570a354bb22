"""`axiom doctor`: every check, well or not, with its cure."""

import click

from axiom.cli.output import color_option, data_option, json_option, show_json
from axiom.service.open_laboratory import demand_laboratory
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text


@click.command()
@data_option
@click.option("--invariants", is_flag=True, help="Check every promise against what is stored.")
@json_option
@color_option
def doctor(folder: Folder, invariants: bool, as_json: bool) -> None:
    """What is wrong, and what to do. Exits 1 when something is."""
    from axiom.service.doctor_checks import diagnosis_data, examine_invariants, examine_laboratory

    if invariants:
        demand_laboratory(folder)
    checks = list(examine_invariants(folder) if invariants else examine_laboratory(folder))
    well = all(check.well for check in checks)
    if as_json:
        show_json({"doctor": {"well": well, "findings": [diagnosis_data(check) for check in checks]}})
    else:
        for check in checks:
            mark = click.style("ok  ", fg="green") if check.well else click.style("BAD ", fg="red")
            click.echo(f"{mark} ", nl=False)  # noqa: TID251 - its colour is ours
            print_text(f"{check.name.ljust(10)} {check.says}")
            if not check.well and check.cure:
                print_text(f"     {''.ljust(10)} → {check.cure}")
    raise click.exceptions.Exit(0 if well else 1)
