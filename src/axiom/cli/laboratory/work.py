"""`axiom work`: more cores for a laboratory that is running, in a process of their own, here or on a cluster."""

import re
import signal
import threading
from pathlib import Path
from typing import Any

import click

from axiom.cli.output import data_option, quiet_option
from axiom.engines.available_resources import count_usable_cpus
from axiom.errors import CannotStart, WrongUse
from axiom.limits import clusters as limits
from axiom.service.open_laboratory import demand_laboratory
from axiom.service.pilot_job import PilotOrders, run_pilot_beside, run_pilot_job, seconds_of_work
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom_weigh.terminal import print_remark

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_TIME = re.compile(r"\s*".join(f"(?:([0-9]{{1,6}}){unit})?" for unit in _UNITS))


def _duration(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    parts = _TIME.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        raise click.BadParameter(f"{text!r} is not like 90s, 55m, 1h30m or 2d.")
    return sum(int(amount or 0) * size for amount, size in zip(parts.groups(), _UNITS.values(), strict=True))


@click.command()
@data_option
@click.option("--server", metavar="URL", help="A laboratory on another computer, such as https://lab.example/.")
@click.option("--lab", metavar="DIGEST", help="Which laboratory that must be, as `axiom cluster add` said it.")
@click.option("--key-file", type=click.Path(path_type=Path), help="The file with the cluster's key, of mode 0600.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where half-done work is kept for whoever comes back to this node; without it nothing is kept.",
)
@click.option(
    "--for",
    "seconds",
    metavar="TIME",
    callback=_duration,
    help="Begin nothing after so long, as 55m or 1h30m; a minute later it is over.",
)
@click.option(
    "--job-ends-in",
    "job_seconds",
    metavar="TIME",
    callback=_duration,
    help=f"In place of --for, how long the job still has: begin nothing in its last {limits.JOB_MARGIN_SECONDS:g} s.",
)
@click.option(
    "--when-idle",
    type=click.Choice(["stop", "wait"]),
    default="stop",
    show_default=True,
    help="With --server, when no work is left.",
)
@click.option(
    "--leash", is_flag=True, help="With --server, end when standard input ends: whoever started this is gone."
)
@click.option(
    "--engine",
    type=click.Choice(["here", "dask"]),
    default="here",
    show_default=True,
    help="With --server, compute here, or have a pilot on each worker of a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="With --engine dask, its scheduler, such as tls://10.0.0.1:8786.")
@click.option("--name", help="This engine's name; with --server that of the node, else one at a time has it.")
@click.option(
    "--cores", "--workers", "cores_said", type=click.IntRange(1, 4_096), help="How many cores; all of them if not said."
)
@quiet_option
def work(
    folder: Folder,
    name: str | None,
    cores_said: int | None,
    quiet: bool,
    job_seconds: float | None,
    **options: Any,
) -> None:
    """Compute for a laboratory that is running, until Ctrl-C or until it is gone.

    Without --server the laboratory is one on this computer. With it this is a pilot, which a cluster's scheduler
    starts: it needs --lab and --key-file, and no data folder.
    """
    amount = cores_said or count_usable_cpus()
    if job_seconds is not None:
        options["seconds"] = seconds_of_work(job_seconds)
    if options["server"] is None:
        if options["engine"] != "here":
            raise WrongUse("--engine dask needs --server as well. Nothing was started.")
        _work_here(folder, name or "more cores", amount, seconds=options["seconds"], quiet=quiet)
        return
    if lacking := [option for option in ("lab", "key_file") if options[option] is None]:
        raise WrongUse(f"--server needs --{lacking[0].replace('_', '-')} as well. Nothing was started.")
    if options["engine"] == "dask":
        _work_on_dask(name, cores_said, options, quiet=quiet)
        return
    run_pilot_job(
        PilotOrders(
            server=options["server"],
            lab=options["lab"],
            key_file=options["key_file"],
            scratch=options["scratch"],
            cores=amount,
            name=name or "",
            seconds=options["seconds"],
            waits=options["when_idle"] == "wait",
            is_on_leash=options["leash"],
        ),
        quiet=quiet,
    )


def _work_on_dask(name: str | None, cores_said: int | None, options: dict[str, Any], *, quiet: bool) -> None:
    """Have a pilot on each worker of a Dask cluster. Paths are the workers': the key's file is read there alone."""
    if options["scheduler"] is None:
        raise WrongUse("--engine dask needs --scheduler as well. Nothing was started.")
    try:
        from axiom.engines.dask import run_pilots_on_dask
    except ImportError as error:
        raise CannotStart(
            f"The package distributed is not there ({error}). Nothing was started; install axiom-lab[dask]."
        ) from error
    words = ["--server", options["server"], "--lab", options["lab"], "--key-file", str(options["key_file"])]
    words += ["--when-idle", options["when_idle"]]
    words += ["--scratch", str(options["scratch"])] if options["scratch"] else []
    words += ["--name", name] if name else []
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    status, why = run_pilots_on_dask(
        options["scheduler"],
        words,
        cores=cores_said,
        seconds=options["seconds"],
        stop=stop,
        remark=lambda text: print_remark(text, quiet=quiet),
    )
    if status:
        print_remark(why, quiet=False)
        raise click.exceptions.Exit(status)


def _work_here(folder: Folder, name: str, amount: int, *, seconds: float | None, quiet: bool) -> None:
    """Compute for a laboratory on this computer."""
    demand_laboratory(folder)
    if read_lock_holder(folder) is None:
        raise CannotStart(f"No laboratory runs in {folder.path}, so there is nothing to compute. Start `axiom serve`.")
    is_modest = read_process_settings(folder.settings)[0].priority == "low"
    run_pilot_beside(folder, name, amount, seconds=seconds, is_modest=is_modest, quiet=quiet)
