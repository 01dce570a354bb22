"""Words that strangers wrote, before a page, a mail or the database has them."""

_CONTROLS = dict.fromkeys([*range(32), 127], " ")


def strip_controls(text: str) -> str:
    """A blank stands for each sign that acts on a terminal, turns the direction of what is read, or is not seen."""
    of_one_line = text.translate(_CONTROLS)  # most of what comes has ends of lines and nothing else, and is long
    if of_one_line.isprintable():
        return of_one_line
    return "".join(sign if sign.isprintable() else " " for sign in of_one_line)
