"""Who shares one allowance."""

import pytest

from axiom.rules.accounts import visitors


@pytest.mark.parametrize(
    ("address", "visitor"),
    [
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("no address", visitors.visitor_of("another")),
    ],
)
def test_a_visitor_is_an_address_or_a_household(address, visitor):
    assert visitors.visitor_of(address) == visitor


def test_of_a_long_address_only_the_beginning_is_remembered():
    before = visitors._visitor_of.cache_info().currsize
    assert {visitors.visitor_of("a" * 10_000 + str(number)) for number in range(9)} == {visitors.visitor_of("another")}
    assert visitors._visitor_of.cache_info().currsize <= before + 2
