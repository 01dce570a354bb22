"""Words that strangers wrote, before a page, a mail or the database has them."""


def strip_controls(text: str) -> str:
    """A blank stands for each sign that acts on a terminal, turns the direction of what is read, or is not seen."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
