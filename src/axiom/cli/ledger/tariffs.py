"""`axiom ledger price` and `axiom ledger policy`: what a task is worth, and by which tariff."""

import math
from typing import Any

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_facts, show_table
from axiom.cli.reading import open_reading
from axiom.domain.credit import Reason, ReportedTime, Tariff
from axiom.errors import UnknownName, WrongUse
from axiom.laboratory.credit.rules.failed_work import price_failed_task
from axiom.laboratory.credit.rules.prices import PaidSeconds, price_task
from axiom.laboratory.credit.rules.tariffs import LONGEST_SECONDS, PRESETS
from axiom.reads import ledger
from axiom.service.open_laboratory import open_for_reading
from axiom.store.credit import tariffs
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text

_THOUSANDTHS = 1_000


def tariff_of(folder: Folder, name: str) -> Tariff:
    """The tariff of this name: the newest that the laboratory used or announced, or one that comes with Axiom."""
    by_name = dict(PRESETS) | {f"{tariff.name}@{tariff.version}": tariff for tariff in PRESETS.values()}
    if folder.exists():
        with open_for_reading(folder) as db:
            for tariff in (dated.tariff for dated in tariffs.list_tariffs(db)):
                by_name[tariff.name] = by_name[f"{tariff.name}@{tariff.version}"] = tariff
    if name not in by_name:
        raise UnknownName("tariff", name, by_name)
    return by_name[name]


@click.command("price")
@click.option(
    "--policy",
    "policy_name",
    required=True,
    metavar="NAME[@VERSION]",
    help="A tariff that comes with Axiom (core-seconds, S1 … S5), or one that was used or announced here.",
)
@click.option(
    "--seconds", type=float, required=True, help="Of a reference core; for S1 … S5 as the host's clock has it."
)
@click.option("--gpu", "on_gpu", is_flag=True, help="It computed on a GPU.")
@click.option("--failed", is_flag=True, help="It failed, and that was not the laboratory's doing.")
@click.option("--broken", is_flag=True, help="It failed by the laboratory's doing.")
@reading_options
def show_price(policy_name: str, seconds: float, on_gpu: bool, failed: bool, broken: bool, folder: Folder) -> Shown:
    """What a task is worth. It needs no laboratory for the tariffs that come with Axiom."""
    if failed and broken:
        raise WrongUse("A task failed by the laboratory's doing or not: say --failed or --broken. Nothing was priced.")
    if not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS):
        raise WrongUse(
            f"No task takes {seconds:g} seconds; it is from 0 to {LONGEST_SECONDS}, thirty days. Nothing was priced."
        )
    tariff = tariff_of(folder, policy_name)
    reported = ReportedTime(cpu_seconds=seconds, elapsed_seconds=seconds)
    priced = price_task(tariff, PaidSeconds(seconds=seconds), reported, is_proven=not (failed or broken), on_gpu=on_gpu)
    if failed or broken:
        reason = Reason.BROKEN if broken else Reason.FAILED
        priced = price_failed_task(tariff, reason, priced, elapsed_seconds=seconds)
    yield {"credit": priced.amount / _THOUSANDTHS, "reason": priced.because}
    print_text(f"{priced.amount / _THOUSANDTHS:.3f} credit: {priced.because}")


@click.group(
    "policy",
    cls=Group,
    changes={
        "use": change_command(
            "ledger.tariff",
            "{line} {tariff} version {version} {is} in the news",
            noun="tariff",
            own={
                "session_cap": click.Option(
                    ["--cap", "session_cap"],
                    type=click.IntRange(0, 10**12),
                    callback=lambda _context, _parameter, cap: None if cap is None else cap * _THOUSANDTHS,
                    help="Credit that is awarded between two sessions at most.",
                ),
            },
        )
    },
)
def policy() -> None:
    """Tariffs: by which credit is computed, and from when on."""


@policy.command("list")
@reading_options
def list_policies(folder: Folder) -> Shown:
    """The tariffs of this laboratory, the newest first, and those that come with Axiom."""
    here: list[dict[str, Any]] = []
    if folder.exists():
        with open_reading(folder) as reading:
            here = ledger.describe_tariffs(reading)
    presets = [ledger.describe_tariff(tariff) for tariff in PRESETS.values()]
    yield {"tariffs": here, "presets": presets}
    show_table(
        ("tariff", "version", "state", "from", "session's cap"),
        [(row["name"], row["version"], row["state"], row["valid_from"], row["session_cap"]) for row in here],
        none="No tariff was used here yet; the first credit is paid by core-seconds.",
    )
    print_text()
    show_table(("comes with Axiom", "what it is"), [(preset["name"], preset["remark"]) for preset in presets], none="")


@policy.command("show")
@click.argument("name", metavar="NAME[@VERSION]")
@reading_options
def show_policy(name: str, folder: Folder) -> Shown:
    """One tariff in full."""
    tariff = ledger.describe_tariff(tariff_of(folder, name))
    yield {"tariff": tariff}
    show_facts({word: value for word, value in tariff.items() if word != "tiers"})
    print_text()
    show_table(
        ("from s", "to s", "credit"),
        [(tier["from"], tier["to"], tier["credit"]) for tier in tariff["tiers"]],
        none="It has no tiers: core-seconds are paid.",
    )
