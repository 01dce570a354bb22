"""Which follow-ups are proposed, and how many at once."""

OPEN_AT_ONCE = 12  # that wait for an answer: of more nobody reads any
OF_ONE_FINDING = 3  # that wait at once
DULL_SESSIONS = 3  # one after the other in which it was worth less than the floor
INFEASIBLE_SHARE = 0.5  # of the replicates stopped at their time limit
INFEASIBLE_AFTER = 16  # replicates: before that their share may be chance
DEAREST_EXTENSION = 8.0  # times as much as a replicate of the finding itself
DESIGNS = 4  # that a finding needs before it is known to hold in general
DESIGNS_OPEN = 2  # of one finding that wait for an answer
DEEPEST = 3  # proposals that follow from each other without a person between them
DEAREST_DISCRIMINATION = 8.0  # the same of a design that sets two explanations apart
CONFIGS = 500  # of one design
DEARER = 2.0  # times what was expected: then the cap was counted with another number
CHANGED_CHARACTERS = 20_000  # of the old and new lines of a mended text that a proposal keeps
ADMITTED_IN_A_SESSION = 4  # each asks code what it costs, and the session is ours for half a minute
