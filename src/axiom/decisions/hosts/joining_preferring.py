"""Whose are the preferences on a computer? It may compute for several projects, under accounts of several people."""


def are_own(source: str, own: str) -> bool:
    """Whether they come from this account, by the digests of e-mail addresses that clients and projects exchange.

    A client names the account from which it took them; one that names none set them itself, or is too old to say.
    """
    return not source or source == own
