"""Where the command `axiom` begins, and where every error becomes a sentence and an exit code."""

import os
import sys


def main() -> None:
    """Run the command line and leave with an honest exit code."""
    try:
        status = _main(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()  # here, not when the interpreter ends: that would be a fault which nobody can catch
    except BrokenPipeError:
        status = _unread(1)
    except OSError as error:
        status = _unwritten(error)
    sys.exit(status)


def _main(words: list[str]) -> int:
    try:
        return _carry_out(words)
    except KeyboardInterrupt:
        return 130


def _carry_out(words: list[str]) -> int:
    import click

    from axiom.cli.input_checks import demand_text, explain_long_names
    from axiom.cli.main import axiom
    from axiom.errors import AxiomError
    from axiom_weigh.errors import WeighError

    try:
        demand_text(words)
        with explain_long_names():
            status = axiom.main(args=words, prog_name="axiom", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except click.Abort:
        return 130
    except (AxiomError, WeighError) as error:
        _say(str(error))
        return error.exit_code if error.exit_code in {*range(1, 10), 70} else 1
    except SystemExit as left:  # so click ends where a pipe is closed, with 1, and a completion
        return _unread(left.code if isinstance(left.code, int) else 1)
    except Exception as error:  # noqa: BLE001 - the last line before the person: say it, with a way to see all of it
        return _fault(error)
    return int(status) if isinstance(status, int) else 0


def _fault(error: Exception) -> int:
    """A fault of ours is said, with a way to see all of it. A disk without room is none."""
    import errno

    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise error
    if os.environ.get("AXIOM_DEBUG"):
        import traceback

        traceback.print_exc()
    _say(
        f"a fault of ours: {type(error).__name__}: {error}. Nothing acknowledged is lost. "
        "AXIOM_DEBUG=1 shows where it happened; please report it."
    )
    return 70


def _unwritten(error: OSError) -> int:
    """What is left of an answer is let go of: the interpreter would try it once more when it ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _say(
        f"What this should write could not be written whole: {error.strerror}. Nothing acknowledged is lost; make room "
        "on that disk, or write to another, and type it again."
    )
    return 5


def _say(sentence: str) -> None:
    from axiom_weigh.terminal import print_text

    print_text(f"axiom: {sentence}", err=True)


def _unread(otherwise: int) -> int:
    """Whoever read us has seen enough, which is no failure; where they still read, it was another pipe that broke."""
    import select

    if not hasattr(select, "poll"):  # Windows tells of no pipe whether anybody reads it
        return otherwise
    looking = select.poll()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            looking.register(stream, 0)
    closed = looking.poll(0)
    for number, _ in closed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return 0 if closed else otherwise


if __name__ == "__main__":
    main()
