"""When is a registration computed to its end?"""

from dataclasses import replace

import pytest

from axiom.domain.estimands import Direction
from axiom.domain.registrations import Rule, StoppingRule
from axiom.laboratory.planning.rules.stopping import Aim, why_stopped
from axiom_weigh.values import Grade, Verdict

WIDE = Aim(verdict=Verdict.POSITIVE, grade=Grade.STRONG, estimate=1.0, low=0.2, high=1.8, smallest=0.1, seeds=40)
NARROW = replace(WIDE, low=0.9, high=1.1)
OPEN = replace(WIDE, verdict=Verdict.UNDECIDED, grade=Grade.AWAITING, low=-1.0)


@pytest.mark.parametrize(
    ("rule", "aims", "has_ended"),
    [
        (Rule.SETTLED, (NARROW,), True),
        (Rule.SETTLED, (replace(NARROW, seeds=31),), False),
        (Rule.SETTLED, (OPEN,), False),
        (Rule.UNTIL_GRADE, (replace(WIDE, grade=Grade.DEFINITIVE),), True),
        (Rule.UNTIL_GRADE, (replace(WIDE, grade=Grade.DEFINITIVE), WIDE), False),
        (Rule.UNTIL_GRADE, (replace(WIDE, expects=Direction.LESS),), True),  # an effect against the claim
        (Rule.UNTIL_GRADE, (replace(WIDE, verdict=Verdict.ABSENT),), True),
        (Rule.UNTIL_GRADE, (replace(WIDE, verdict=Verdict.ABSENT, grade=Grade.MODERATE),), False),
        (Rule.FIXED, (NARROW, replace(WIDE, grade=Grade.DEFINITIVE)), False),
    ],
)
def test_what_its_findings_say_ends_it(rule, aims, has_ended):
    assert bool(why_stopped(StoppingRule(rule=rule, replicates=256), aims, replicates=40, block=8)) is has_ended


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_number_of_replicates_and_ends_with_a_whole_block(rule):
    for replicates, has_ended in ((15, False), (16, True), (17, False), (24, True)):
        assert (
            bool(why_stopped(StoppingRule(rule=rule, replicates=16), (OPEN,), replicates=replicates, block=8))
            is has_ended
        )
    ends = StoppingRule(rule=rule, replicates=48)
    assert "48 replicates" in ends.tell_end(1)
    assert "finding" not in ends.tell_end(0)
