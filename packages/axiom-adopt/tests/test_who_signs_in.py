"""Which account signs in by an address that several have, in whatever order a dump names them."""

from itertools import permutations

import pytest

from axiom_adopt.old_server_records import User
from axiom_adopt.who_signs_in import AddressOwners, tidy_address

OLDEST, SECOND, THIRD = (3, "Ada@Example.org"), (7, " ada@example.org"), (8, "ADA@EXAMPLE.ORG")


def user(number: int, address: str) -> User:
    return User(line=1, id=number, email_addr=address, authenticator="a key")


@pytest.mark.parametrize("accounts", list(permutations([OLDEST, SECOND, THIRD])))
def test_of_accounts_that_spell_an_address_otherwise_the_oldest_has_it(accounts):
    owners = AddressOwners()
    losers = [owners.claim(tidy_address(address), number) for number, address in accounts]
    assert sorted(number for number in losers if number) == [7, 8]
    addresses = {number: owners.address_of(user(number, address)) for number, address in accounts}
    assert addresses == {3: "ada@example.org", 7: None, 8: None}


def test_an_address_of_one_account_is_its_own_and_blanks_are_none():
    owners = AddressOwners()
    assert owners.claim("ada@example.org", 3) is owners.claim("ada@example.org", 3) is None
    assert owners.address_of(user(3, "ada@example.org")) == "ada@example.org"
    assert owners.address_of(user(4, "bob@example.org")) is None  # whose account was deleted
    assert tidy_address(" ") is owners.address_of(user(3, " ")) is None
