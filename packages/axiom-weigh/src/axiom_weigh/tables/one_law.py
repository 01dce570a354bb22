"""Are values of one law, or does it depend on their place in the table?

Evidence takes seeds of one design to have one law. Where values of odd places lie elsewhere than those of even ones,
neighbours differ by more than chance, and bets on them are not fair.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from axiom_weigh.grouping import group_pairs
from axiom_weigh.statistics.group_differences import compare_groups, compute_normal_scores
from axiom_weigh.tables.undeclared_numbers import AS_STARTED, Doubt

_SELDOM = 0.01  # tables of one law are doubted no more often, over all questions together
_FEWEST = 4  # values of a group
_MOST = 20_000  # values that are looked at: what is so of more is seen in these


def law_by_place(values: Sequence[float], designs: Sequence[str]) -> Doubt | None:
    """What speaks against one law within each design; None where nothing does."""
    values, designs = values[:_MOST], designs[:_MOST]
    by_design = group_pairs(zip(designs, values, strict=True))
    middles = {design: median(own) for design, own in by_design.items()}
    away = [abs(value - middles[design]) for value, design in zip(values, designs, strict=True)]
    places, usual = range(len(values)), median(away) if away else 0.0
    far = [place for place in places if away[place] > usual]
    ways: dict[str, list[int]] = {
        "odd and even places": [place % 2 for place in places],
        "the first half and the second": [int(2 * place < len(values)) for place in places],
    }
    questions = [
        ("lie elsewhere", places, compute_normal_scores(values, designs)),
        ("spread otherwise", places, compute_normal_scores(away, designs)),
        (
            "have their tails elsewhere",
            far,
            compute_normal_scores([values[place] for place in far], [designs[place] for place in far]),
        ),
    ]
    for where, groups in ways.items():
        if min(Counter(groups).values(), default=0) < _FEWEST:
            continue
        for what, chosen, among in questions:
            chance = compare_groups([groups[place] for place in chosen], among).together * len(questions) * len(ways)
            if chance < _SELDOM:
                why = f"values of {where} {what}, as those of one law do once in {1 / max(chance, 1e-9):,.0f} tables"
                return Doubt(why=why, instead=(AS_STARTED,), has_interval=False)
    return None
