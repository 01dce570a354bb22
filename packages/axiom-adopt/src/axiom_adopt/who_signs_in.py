"""Who signs in by which address? Of accounts that spell one address in several ways, the oldest alone."""

from dataclasses import dataclass, field

from axiom_adopt.old_server_records import User


@dataclass(kw_only=True)
class AddressOwners:
    numbers: dict[str, int] = field(default_factory=dict)  # of the accounts that sign in, by address

    def claim(self, address: str, number: int) -> int | None:
        """Let an account have an address; returns the younger of two that claim it, which cannot sign in by it."""
        owner = self.numbers.setdefault(address, number)
        self.numbers[address] = min(owner, number)
        return max(owner, number) if owner != number else None

    def address_of(self, user: User) -> str | None:
        """The address by which they sign in; none where they have none, or an older account has it as well."""
        address = tidy_address(user.email_addr)
        return address if address and self.numbers.get(address) == user.id else None


def tidy_address(spelt: str) -> str | None:
    """The address by which its owner signs in; clients make a password's hash with it in lower case."""
    return spelt.strip().lower() or None
