"""Who shares one allowance, and how many connections a process may have."""

import resource

import pytest

from axiom.server.http import visitors


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


NO_END = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("allowed", "most", "refuses", "asked_for", "connections"),
    [
        (30_000, 30_000, False, None, 10_000),
        (1_024, NO_END, False, 20_200, 10_000),
        (1_024, NO_END, True, 20_200, 412),
        (1_024, 4_096, False, 4_096, 1_948),
        (1_024, 1_024, False, 1_024, 412),
        (100, 100, False, 100, 1),
    ],
)
def test_every_connection_may_have_a_file_open_besides(monkeypatch, allowed, most, refuses, asked_for, connections):
    limits, asked = [(allowed, most)], []

    def ask(_, wanted) -> None:
        asked.append(wanted[0])
        if refuses:
            raise ValueError("not so many")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", ask)
    assert visitors.most_connections.__wrapped__() == connections
    assert asked == ([] if asked_for is None else [asked_for])
