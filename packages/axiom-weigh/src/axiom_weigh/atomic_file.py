"""Files that appear when they are whole, so that nobody finds half of one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from axiom_weigh.errors import FolderUnusable


@contextlib.contextmanager
def write_whole_file(file: Path) -> Iterator[Path]:
    """A name to write to; the file appears when it is whole. A pipe or a device is written to as it is.

    To put a file into its place would take it away: whoever reads the pipe would wait for ever, and nobody on this
    computer would have a /dev/null any more.
    """
    unfinished = file.parent / f"{file.name}.{os.getpid()}.part"
    try:
        if file.exists() and not (file.is_file() or file.is_dir()):
            yield file
            return
        place = file.resolve()  # of a link, what it leads to: /dev/stdout, say
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.parent / unfinished.name
        yield unfinished
        unfinished.replace(place)
    except OSError as error:
        raise FolderUnusable(
            f"{file} cannot be written: {error.strerror}. What was there before is as it was; choose another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
