"""May this caller do this now?"""

from dataclasses import replace

import pytest

from axiom.decisions.accounts.command_limits import CommandCost, SpentToday, may
from axiom.domain.callers import Caller, Capability, Limits

CALLER = Caller(
    name="Ada",
    capabilities=frozenset({Capability.READ, Capability.DEPLOY}),
    limits=Limits(workunits_per_day=10, aborts_per_day=2),
)


def asking(capability: Capability = Capability.DEPLOY, **amounts: int) -> CommandCost:
    return CommandCost(command="experiment.deploy", capability=capability, **amounts)


@pytest.mark.parametrize(
    ("request_", "spent", "allowed", "left"),
    [
        (asking(workunits=10), SpentToday(), True, ""),
        (asking(workunits=11), SpentToday(), False, "11 workunits and has 10 of 10 left"),
        (asking(workunits=4), SpentToday(workunits=6), True, ""),
        (asking(workunits=1), SpentToday(workunits=99), False, "1 workunits and has 0 of 10 left"),
        (asking(aborts=3), SpentToday(), False, "3 aborts and has 2 of 2 left"),
        (asking(aborts=2), SpentToday(workunits=99), True, ""),
        (asking(), SpentToday(workunits=99, aborts=99), True, ""),
    ],
)
def test_a_caller_has_so_much_a_day(request_, spent, allowed, left):
    permission = may(CALLER, request_, spent)
    assert (permission.allowed, permission.within_capability) == (allowed, True)
    assert left in permission.reason


def test_what_a_caller_may_not_do_at_all_no_limit_allows():
    permission = may(CALLER, asking(Capability.OPERATE), SpentToday())
    assert (permission.allowed, permission.within_capability) == (False, False)


@pytest.mark.parametrize(
    ("whose", "capabilities", "allowed"),
    [
        (7, {Capability.ACCOUNT}, True),
        (None, {Capability.ACCOUNT}, True),
        (8, {Capability.ACCOUNT}, False),
        (8, {Capability.ACCOUNT, Capability.DEPLOY}, False),
        (8, {Capability.ACCOUNT, Capability.OPERATE}, True),
        (7, {Capability.OPERATE}, False),
    ],
)
def test_an_account_is_managed_by_its_volunteer_and_by_the_operator(whose, capabilities, allowed):
    volunteer = replace(CALLER, name="volunteer:7", capabilities=frozenset(capabilities), volunteer_id=7)
    permission = may(volunteer, asking(Capability.ACCOUNT, volunteer_id=whose), SpentToday())
    assert permission.allowed == allowed


def test_somebody_without_an_account_manages_nobody_s():
    visitor = replace(CALLER, name="visitor", capabilities=frozenset({Capability.ACCOUNT}))
    permission = may(visitor, asking(Capability.ACCOUNT, volunteer_id=7), SpentToday())
    assert not permission.allowed


@pytest.mark.parametrize(("volunteer", "given_", "allowed"), [(7, 4, True), (7, 5, False), (None, 99, True)])
def test_a_volunteer_gives_a_command_so_often_a_day_and_the_operator_as_often_as_they_like(volunteer, given_, allowed):
    operator = frozenset({Capability.ACCOUNT, Capability.OPERATE})
    caller = replace(CALLER, name="somebody", capabilities=operator, volunteer_id=volunteer)
    asked = replace(asking(Capability.ACCOUNT, volunteer_id=7), most_a_day=5)
    permission = may(caller, asked, SpentToday(given=given_))
    assert (permission.allowed, permission.within_capability) == (allowed, True)
    assert may(caller, replace(asked, most_a_day=None), SpentToday(given=given_)).allowed
