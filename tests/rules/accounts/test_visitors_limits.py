"""Whether one more computer may be added to an account."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.credit import Balance
from axiom.domain.fleet import Team
from axiom.limits import programs as program_limits
from axiom.rules.accounts.command_permission import CommandCost, SpentToday, check_permission
from axiom.rules.accounts.earned_stamps import Contribution, list_stamps
from axiom.rules.accounts.new_hosts import MOST_NEW, are_own_preferences, why_host_waits
from axiom.rules.accounts.profile_visibility import hide_team_profile, judge_visibility
from axiom.rules.accounts.request_rate import take_request

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "waits"), [(None, False), (timedelta(0), True), (timedelta(minutes=59), True), (timedelta(hours=1), False)]
)
def test_a_computer_waits_while_as_many_as_may_be_were_added_within_the_hour(ago, waits):
    said = why_host_waits(None if ago is None else NOW - ago, NOW)
    assert bool(said) is waits
    assert not waits or f"{MOST_NEW} computers" in said


def test_preferences_are_the_account_s_own_unless_the_client_names_another():
    assert [are_own_preferences(source, "a" * 32) for source in ("", "a" * 32, "b" * 32)] == [True, True, False]


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
        (asking(aborts=3), SpentToday(), False, "3 aborts and has 2 of 2 left"),
        (asking(), SpentToday(workunits=99, aborts=99), True, ""),
    ],
)
def test_a_caller_has_so_much_a_day(request_, spent, allowed, left):
    permission = check_permission(CALLER, request_, spent)
    assert (permission.allowed, permission.within_capability) == (allowed, True)
    assert left in permission.reason


@pytest.mark.parametrize(
    ("whose", "capabilities", "allowed"),
    [
        (7, {Capability.ACCOUNT}, True),
        (None, {Capability.ACCOUNT}, True),
        (8, {Capability.ACCOUNT}, False),
        (8, {Capability.ACCOUNT, Capability.OPERATE}, True),
        (7, {Capability.OPERATE}, False),
    ],
)
def test_an_account_is_managed_by_its_volunteer_and_by_the_operator(whose, capabilities, allowed):
    volunteer = replace(CALLER, name="volunteer:7", capabilities=frozenset(capabilities), volunteer_id=7)
    permission = check_permission(volunteer, asking(Capability.ACCOUNT, volunteer_id=whose), SpentToday())
    assert permission.allowed == allowed


def test_what_a_caller_may_not_do_at_all_no_limit_allows():
    permission = check_permission(CALLER, asking(Capability.OPERATE), SpentToday())
    assert (permission.allowed, permission.within_capability) == (False, False)
    visitor = replace(CALLER, name="visitor", capabilities=frozenset({Capability.ACCOUNT}))
    permission = check_permission(visitor, asking(Capability.ACCOUNT, volunteer_id=7), SpentToday())
    assert not permission.allowed


@pytest.mark.parametrize(("volunteer", "given_", "allowed"), [(7, 4, True), (7, 5, False), (None, 99, True)])
def test_a_volunteer_gives_a_command_so_often_a_day_and_the_operator_at_will(volunteer, given_, allowed):
    operator = frozenset({Capability.ACCOUNT, Capability.OPERATE})
    caller = replace(CALLER, name="somebody", capabilities=operator, volunteer_id=volunteer)
    asked = replace(asking(Capability.ACCOUNT, volunteer_id=7), most_a_day=5)
    permission = check_permission(caller, asked, SpentToday(uses=given_))
    assert (permission.allowed, permission.within_capability) == (allowed, True)
    assert check_permission(caller, replace(asked, most_a_day=None), SpentToday(uses=given_)).allowed


def asked(moments: list[float]) -> list[float]:
    """How long each request at these moments would have to wait."""
    bucket, waits = None, []
    for now in moments:
        rate = take_request(bucket, now)
        bucket = rate.bucket
        waits.append(rate.wait)
    return waits


def test_a_burst_is_served_and_then_one_at_a_time():
    waits = asked([7.0] * 42)
    assert waits[: int(program_limits.REQUESTS_AT_ONCE)] == [0.0] * int(program_limits.REQUESTS_AT_ONCE)
    assert waits[-2:] == [1 / program_limits.REQUESTS_A_SECOND] * 2  # a request that waits takes nothing
    assert (
        asked([7.0] * int(program_limits.REQUESTS_AT_ONCE) + [7.0 + 1.5 / program_limits.REQUESTS_A_SECOND])[-1] == 0.0
    )
    assert asked([0.0] * 40 + [1e6] * 41)[-2:] == [0.0, 1 / program_limits.REQUESTS_A_SECOND]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 30), max_size=400))
def test_never_more_are_served_than_the_burst_and_the_time(gaps):
    moments = sorted(gaps)
    served = [moment for moment, wait in zip(moments, asked(moments), strict=True) if not wait]
    for start in range(0, len(served), 20):
        within = [moment for moment in served if served[start] <= moment]
        assert (
            len(within)
            <= program_limits.REQUESTS_AT_ONCE + (within[-1] - served[start]) * program_limits.REQUESTS_A_SECOND + 1e-6
        )


MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def earned(**done):
    nothing = {"valid": 0, "hours": 0.0, "answers": 0, "changed": 0, "since": MIDNIGHT}
    return {stamp.name: stamp for stamp in list_stamps(Contribution(**(nothing | done)), MIDNIGHT)}


def test_each_stamp_says_what_it_takes_and_is_earned_exactly_there():
    found = earned()
    assert not any(stamp.is_earned for stamp in found.values())
    assert found["first"].why == "0 of 1 valid job"
    assert found["hours-10000"].why == "0 of 10,000 hours of computing"
    below = earned(valid=99, hours=99.9, answers=9, since=MIDNIGHT - timedelta(days=365))
    assert [name for name, stamp in below.items() if stamp.is_earned] == ["first", "answer"]
    assert below["hours-100"].why == "99 of 100 hours of computing"
    there = earned(valid=100, hours=100.0, answers=10, changed=1, since=MIDNIGHT - timedelta(days=366))
    assert {name for name, stamp in there.items() if not stamp.is_earned} == {"jobs-10000", "hours-10000"}
    assert list(there)[-2:] == ["jobs-10000", "hours-10000"]  # what is earned stands first


@pytest.mark.parametrize(("total", "may"), [(None, False), (0, False), (-1, False), (1, True)])
def test_who_has_credit_is_heard(total, may):  # a correction may leave less than nothing
    balance = None if total is None else Balance(total=total, recent=0.0, recent_at=0)
    assert judge_visibility(balance).may is may


def test_of_a_team_only_the_name_is_shown_until_its_founder_has_credit():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    team = Team(id=1, name="Owls", founder_id=2, country="Norway", website="https://t.org", about="we", created_at=at)
    quiet = hide_team_profile(team, None)
    assert quiet.name == "Owls"
    assert quiet.founder_id == 2
    assert quiet.country == ""
    assert quiet.website == ""
    assert quiet.about == ""
    assert hide_team_profile(team, Balance(total=1, recent=0.0, recent_at=0)) == team
