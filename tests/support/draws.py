"""Secrets under which just the tasks that a test wants are drawn to be checked."""

from axiom.limits import tasks as limits
from axiom.rules.tasks.recheck_rate import is_checked


def secret_for(*checked: int, among: int) -> bytes:
    """A secret under which of the first tasks just these are checked, however well their hosts are known."""
    for number in range(10**7):
        secret = b"%d" % number
        is_wanted = all(is_checked(secret, task, limits.RECHECK_ONE_IN_OF_KNOWN_HOST) for task in checked)
        if is_wanted and draws(secret, among) == set(checked):
            return secret
    raise AssertionError("no such secret")


def draws(secret: bytes, among: int) -> set[int]:
    """Which of the first tasks are checked if their hosts are new."""
    return {task for task in range(1, among + 1) if is_checked(secret, task, limits.RECHECK_ONE_IN_OF_NEW_HOST)}
