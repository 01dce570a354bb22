"""Whose the preferences on a computer are."""

import pytest

from axiom.decisions.accounts.new_hosts import are_own


@pytest.mark.parametrize(("source", "own"), [("", True), ("a" * 32, True), ("b" * 32, False)])
def test_preferences_are_the_account_s_own_unless_the_client_names_another(source, own):
    assert are_own(source, "a" * 32) is own
