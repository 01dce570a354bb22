"""What each grade asks for, in numbers: seeds, evidence, hosts, volunteers, checks by others, designs."""

from axiom_weigh.values import Grade, Verdict

MODERATE_SEEDS, _STRONG_SEEDS, DEFINITIVE_SEEDS = 8, 20, 50
_STRONG_ABSENT_SEEDS = 59  # in so many a collapse in one of twenty is seen, with 95 %
_MODERATE_E, STRONG_E, DEFINITIVE_E = 20.0, 1e3, 1e6  # below the first nothing is claimed at all
STRONG_HOSTS, STRONG_VOLUNTEERS = 4, 2
DEFINITIVE_HOSTS, DEFINITIVE_VOLUNTEERS, DEFINITIVE_PLATFORMS = 10, 3, 2
DEFINITIVE_DESIGNS = 4
FALSE_SHARE = 0.01  # of the findings of the whole laboratory that are as sure as this one
SHARE_AGAIN = 0.05  # of the seeds, computed again and agreeing, where one volunteer computes alone
STRANGERS_AGAIN = 20  # checks of seeds by strangers, who agree, where several volunteers compute
OUTVOTED_SHARE = 0.02  # of the seeds computed again; above it nobody knows how many of the others are wrong


def find_next_requirements(reached: Grade, verdict: Verdict = Verdict.UNDECIDED) -> tuple[int, float] | None:
    """Return the seeds and the e-value that the grade above this one asks for; None for the last one."""
    return {
        Grade.AWAITING: (MODERATE_SEEDS, _MODERATE_E),
        Grade.MODERATE: (count_strong_seeds(verdict), STRONG_E),
        Grade.STRONG: (DEFINITIVE_SEEDS, DEFINITIVE_E),
    }.get(reached)


def count_strong_seeds(verdict: Verdict) -> int:
    return _STRONG_ABSENT_SEEDS if verdict is Verdict.ABSENT else _STRONG_SEEDS
