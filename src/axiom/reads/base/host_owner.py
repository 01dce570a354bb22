"""Whose a host is, as far as its volunteer lets anybody see it."""

from dataclasses import dataclass

from axiom.reads.base.request import Answer, Reading
from axiom.store.accounts import accounts


@dataclass(frozen=True, kw_only=True, slots=True)
class HostOwner:
    """Whose a host is, as far as anybody may see."""

    is_ours: bool  # the laboratory's own: its name is nobody's secret
    volunteer: Answer | None  # None where the volunteer does not show hosts

    @property
    def is_shown(self) -> bool:
        """May anybody see what its client says of the computer?"""
        return self.is_ours or self.volunteer is not None


def find_host_owner(reading: Reading, volunteer_id: int) -> HostOwner:
    owner = accounts.find_account(reading.db, volunteer_id)
    if owner is None:
        return HostOwner(is_ours=False, volunteer=None)
    volunteer, account = owner
    shown = {"number": volunteer.id, "name": volunteer.name} if account.shows_hosts else None
    return HostOwner(is_ours=volunteer.is_ours, volunteer=shown)
