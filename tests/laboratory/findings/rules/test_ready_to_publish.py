"""A finding is ready to publish when nothing that its evidence says speaks against it."""

import pytest
from furnished_lab import weighed

from axiom.laboratory.findings.rules.ready_to_publish import is_ready_to_publish
from axiom_weigh.values import Alarm, Force, Grade, Verdict

READY = {"grade": Grade.STRONG, "false_share": 0.05}
SUSPENDS = Alarm(kind="clones", force=Force.SUSPENDS, text="two seeds gave the same values")


@pytest.mark.parametrize(
    ("changes", "status", "is_ready"),
    [
        ({}, "open", True),
        ({"grade": Grade.DEFINITIVE, "verdict": Verdict.ABSENT}, "open", True),
        ({"grade": Grade.MODERATE}, "open", False),
        ({"verdict": Verdict.UNDECIDED}, "open", False),
        ({"verdict": Verdict.MIXED}, "open", False),
        ({"false_share": None}, "open", False),
        ({"alarms": (SUSPENDS,)}, "open", False),
        ({}, "suspended", False),
        ({}, "retired", False),
    ],
)
def test_ready_is_what_is_open_decided_strong_and_held_by_nothing(changes, status, is_ready):
    assert is_ready_to_publish(weighed(9, **{**READY, **changes}), status) is is_ready
    assert not is_ready_to_publish(None, status)
