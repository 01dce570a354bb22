"""`axiom weigh FILE.csv`: how sure is it, for whoever has numbers of their own and no laboratory."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from axiom.cli.atomic_file import appearing
from axiom.cli.options import color_option, json_option, quiet_option, show_json
from axiom.errors import FolderUnusable, WrongUse
from axiom.service.terminal import printable, remark

if TYPE_CHECKING:
    from axiom.notebook.evidence_card import WeighedTable
    from axiom.notebook.read_table import Sheet

_WORDS = ("contrast", "slope", "rank_correlation", "exponent", "breakpoint", "proportion", "level", "mean")

_DEMANDED = ("effect +", "effect −", "absent")
_LONGEST_NAME = 256


@click.command("weigh")
@click.argument("files", metavar="FILE", nargs=-1, type=click.Path(path_type=Path))
@click.option("--value", metavar="COLUMN", help="Where the numbers stand; accuracy finds metrics.accuracy.")
@click.option("--seed", metavar="COLUMN", help="Where the seeds stand; params.seed and config.seed are found.")
@click.option("--by", metavar="COLUMN", help="Where the arms stand, in a table with a row for each run; see --of.")
@click.option(
    "--of",
    nargs=2,
    metavar="OURS BASE",
    help="Weigh ours minus base of the same seed: two words of the column --by, or two columns.",
)
@click.option(
    "--pair",
    multiple=True,
    metavar="COLUMN",
    help="What is the same in both arms, if it is not the seed alone; may be given several times.",
)
@click.option(
    "--estimand",
    metavar="KIND",
    help=f"What a value is: {', '.join(_WORDS)}. Undeclared, nothing is guessed in favour of an effect.",
)
@click.option("--null", type=float, metavar="NUMBER", help="The value that would be no effect; 0, unless it is said.")
@click.option("--smallest-effect", type=float, metavar="NUMBER", help="What is nearer to the null does not matter.")
@click.option("--bounds", type=float, nargs=2, metavar="LO HI", help="What no value can ever leave.")
@click.option(
    "--alpha", type=float, default=0.05, metavar="CHANCE", help="How often a verdict may ever be false; 0.05."
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw how the interval narrowed, as .svg, .png or .pdf.",
)
@click.option("--latex", is_flag=True, help="One row of a LaTeX table instead of the card.")
@click.option(
    "--fail-unless",
    metavar="VERDICT",
    help='End with 1 unless this is the verdict: "effect +", "effect -" or absent.',
)
@click.option("--plan", type=float, metavar="SD", help="How many seeds an effect of so many standard deviations takes.")
@json_option
@quiet_option
@color_option
def weigh(
    files: tuple[Path, ...],
    value: str | None,
    seed: str | None,
    by: str | None,
    of: tuple[str, str] | None,
    pair: tuple[str, ...],
    estimand: str | None,
    null: float | None,
    smallest_effect: float | None,
    bounds: tuple[float, float] | None,
    alpha: float,
    picture: Path | None,
    latex: bool,
    fail_unless: str | None,
    plan: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say how sure it is what a CSV or JSON file says: one row a seed, or one row a run of two arms.

    FILE may be packed with gzip; - is standard input. Read are the columns seed and value, issue, block, host,
    volunteer, platform, design and outcome. Nothing is stored and no laboratory is needed.
    """
    if plan is not None:
        _show_plan(plan, alpha, files, as_json=as_json)
        return
    wanted = _wanted(fail_unless)
    from axiom.notebook.weigh import weigh as weighed

    card = weighed(
        _table(files),
        value=value,
        seed=seed,
        by=by,
        of=of,
        pair=pair,
        estimand=estimand,
        null=null,
        smallest_effect=smallest_effect,
        bounds=bounds,
        alpha=alpha,
    )
    if as_json:
        show_json(card.data())
    elif latex:
        click.echo(card.latex())
    else:
        _show(card)
    if picture is not None:
        _write(card.picture(picture.suffix), picture)
        remark(f"Wrote {picture}", quiet=quiet)
    if wanted and card.verdict.value != wanted:
        remark(f"The verdict is {card.verdict}, and {wanted} was demanded.", quiet=quiet)
        sys.exit(1)


def _wanted(said: str | None) -> str:
    """The verdict that is demanded; empty where none is."""
    from axiom.domain.findings import Verdict

    if said is None:
        return ""
    word = said.strip().lower().replace("-", "−")
    if word not in _DEMANDED:
        known = ", ".join(repr(one) for one in _DEMANDED)
        raise WrongUse(f"{said!r} is no verdict that can be demanded. Nothing was weighed; demand one of {known}.")
    return Verdict(word).value


def _show_plan(effect: float, alpha: float, files: Sequence[Path], *, as_json: bool) -> None:
    if files:
        raise WrongUse("--plan needs no file: it says how many seeds to run before there are any. Leave the file out.")
    from axiom.notebook.plan import plan

    planned = plan(effect, alpha=alpha)
    if as_json:
        show_json(planned.data())
    else:
        click.echo(planned)


def _table(files: Sequence[Path]) -> "Path | Sheet":
    if not files:
        raise WrongUse("No file is named. Name one, as in `axiom weigh results.csv`, or - for standard input.")
    if len(files) > 1:
        whole = " ".join(map(str, files))
        is_one = len(whole) < _LONGEST_NAME and Path(whole).exists()
        hint = f"put quotation marks around it: '{whole}'" if is_one else "name one of them"
        shown = ", ".join(map(str, files[:3])) + (", …" if len(files) > 3 else "")
        raise WrongUse(
            f"{len(files)} files are named ({shown}), and one is weighed at a time. Nothing was weighed; {hint}. Runs "
            "of several files belong into one table with a column that says which runs they are; see --by."
        )
    if files[0] != Path("-"):
        return files[0]
    from axiom.notebook.read_table import sheet_of_bytes

    return sheet_of_bytes(sys.stdin.buffer, "standard input")


def _show(card: "WeighedTable") -> None:
    click.echo(printable(repr(card), but="\n"))
    if drawn := card.sketched():
        click.echo(f"\n{drawn}")


def _write(drawn: bytes, file: Path) -> None:
    """The file appears when it is whole, in a folder that is there."""
    if not file.parent.is_dir():
        raise FolderUnusable(
            f"{file} cannot be written: there is no folder {file.parent}. Choose another place with --picture."
        )
    with appearing(file) as unfinished:
        unfinished.write_bytes(drawn)
