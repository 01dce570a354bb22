"""Where the command `axiom` begins, and where every error becomes a sentence and an exit code."""

import os
import sys
import traceback

import click

from axiom.errors import AxiomError


def main() -> None:
    """Run the command line and leave with an honest exit code."""
    sys.exit(_main(sys.argv[1:]))


def _main(words: list[str]) -> int:
    from axiom.cli.main import axiom

    try:
        ended = axiom.main(args=words, prog_name="axiom", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except AxiomError as error:
        click.echo(f"axiom: {error}", err=True)
        return error.exit_code if error.exit_code in {*range(1, 10), 70} else 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has seen enough
        return 0
    except Exception as error:  # noqa: BLE001 - the last line before the person: say it, with a way to see all of it
        if os.environ.get("AXIOM_DEBUG"):
            traceback.print_exc()
        click.echo(
            f"axiom: a fault of ours: {type(error).__name__}: {error}. Nothing acknowledged is lost. "
            "AXIOM_DEBUG=1 shows where it happened; please report it.",
            err=True,
        )
        return 70
    return int(ended) if isinstance(ended, int) else 0


if __name__ == "__main__":
    main()
