from datetime import UTC, datetime, timedelta

from axiom.decisions.accounts.stamps import Contribution, stamps

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def earned(**done):
    nothing = {"valid": 0, "hours": 0.0, "answers": 0, "changed": 0, "since": NOW}
    return {stamp.name: stamp for stamp in stamps(Contribution(**(nothing | done)), NOW)}


def test_whoever_has_done_nothing_is_told_what_each_stamp_takes():
    found = earned()
    assert not any(stamp.is_earned for stamp in found.values())
    assert found["first"].why == "0 of 1 valid job"
    assert found["hours-10000"].why == "0 of 10,000 hours of computing"


def test_each_stamp_is_earned_by_its_own_number_and_exactly_there():
    below = earned(valid=99, hours=99.9, answers=9, since=NOW - timedelta(days=365))
    assert [name for name, stamp in below.items() if stamp.is_earned] == ["first", "answer"]
    assert below["hours-100"].why == "99 of 100 hours of computing"
    there = earned(valid=100, hours=100.0, answers=10, changed=1, since=NOW - timedelta(days=366))
    assert {name for name, stamp in there.items() if not stamp.is_earned} == {"jobs-10000", "hours-10000"}
    assert list(there)[-2:] == ["jobs-10000", "hours-10000"]  # what is earned stands first
