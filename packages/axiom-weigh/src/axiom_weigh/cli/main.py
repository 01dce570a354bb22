"""`axiom-weigh FILE.csv`: the command of the light wheel, which has NumPy and neither click nor the laboratory."""

import argparse
import sys
from pathlib import Path
from typing import Any

from axiom_weigh import __version__
from axiom_weigh.cli.options import OPTIONS, WeighOption, spread_arms, weigh_files
from axiom_weigh.errors import WeighError
from axiom_weigh.terminal import print_remark

_ABOUT = """Say how sure it is what a CSV or JSON file says: one row a seed, or one row a run of two arms. FILE may be
packed with gzip; - is standard input. Read are the columns seed and value, issue, block, host, volunteer, platform,
design and outcome. Exits 1 when a claim could not be weighed, or has another verdict than --fail-unless demands; 2 to 5
when something is wrong with the words, the file, its size or the picture's folder."""


def main() -> None:
    """Run the command and leave with an honest exit status."""
    options = vars(_parser().parse_args(spread_arms(sys.argv[1:])))
    try:
        status = weigh_files(options.pop("files"), options, as_json=options.pop("json"), quiet=options.pop("quiet"))
        sys.stdout.flush()
    except WeighError as error:
        print_remark(f"axiom-weigh: {error}")
        status = error.exit_code
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        sys.stderr.close()  # and with it what the interpreter would say of the pipe when it ends
        status = 1
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="axiom-weigh", description=_ABOUT, allow_abbrev=False)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path)
    for option in OPTIONS:
        parser.add_argument(option.name, help=option.help, **_taken(option))
    parser.add_argument("--json", action="store_true", help="One JSON document on standard output.")
    parser.add_argument("-q", "--quiet", action="store_true", help="Results only: no progress and no remarks.")
    parser.add_argument("--version", action="version", version=f"axiom-weigh {__version__}")
    return parser


def _taken(option: WeighOption) -> dict[str, Any]:
    if option.is_flag:
        return {"action": "store_true"}
    taken: dict[str, Any] = {"type": option.kind, "default": option.default}
    if option.is_many:
        return {**taken, "action": "append", "default": [], "metavar": option.metavar}
    if option.words > 1:
        return {**taken, "nargs": option.words, "metavar": tuple(option.metavar.split())}
    return {**taken, "metavar": option.metavar}
