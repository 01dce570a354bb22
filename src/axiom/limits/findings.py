"""How many findings are compared, ranked and shown, and when one cannot be computed."""

NEAREST_SHOWN = 5  # Earlier findings shown beside a claim as the nearest
OTHER_WORDS = 0.6  # A claim with a larger share of other words is another claim, even about the same factors
WORDS_NAMED = 6  # Words that are named where two claims differ
RANKED = 100  # Findings whose surprise is measured for the ranking: each one's nearest is looked for
COMPARED = 500  # Decided findings that a new one is compared with
IN_A_PAPER = 20  # Findings that one paper may be about
INFEASIBLE_SHARE = 0.5  # A question is infeasible if a larger share of its replicates was stopped at the time limit
INFEASIBLE_AFTER = 16  # Replicates before that is judged: with fewer, their share may be chance
