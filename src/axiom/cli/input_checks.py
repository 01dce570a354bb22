"""What is typed and cannot be meant, whatever the command: said in a sentence, and no fault of ours."""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence

from axiom.errors import WrongUse

_SHOWN = 60


def demand_text(words: Sequence[str]) -> None:
    """Every word is text, or names a file that is there: such bytes can be stored and printed nowhere."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            if not _is_there(word):
                raise WrongUse(
                    f"The word {word!r} is no text in UTF-8. Nothing was started; write it in UTF-8."
                ) from error


@contextlib.contextmanager
def explain_long_names() -> Iterator[None]:
    """A name that no file can have is a mistake of whoever typed it, in whatever place it was used."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = str(error.filename or "")
        raise WrongUse(
            f"The name {name[:_SHOWN]!r}… has {len(name):,} letters, more than a file or folder may have here. "
            "Choose a shorter one."
        ) from error


def _is_there(word: str) -> bool:
    try:
        return os.path.lexists(word)
    except OSError:
        return False
