"""Which follow-ups are proposed, and how many at once."""

OPEN_AT_ONCE = 12  # Proposals that may wait for an answer at once: nobody reads more
OF_ONE_FINDING = 3  # Proposals from one finding that may wait at once
DULL_SESSIONS = 3  # Sessions in a row in which a question was worth less than the floor, before its end is proposed
# How many times as much as a replicate of the finding itself one of its extension may cost: dearer than this, what a
# config costs is foreseen too badly
DEAREST_EXTENSION = 64.0
FAILED_SHARE = (
    0.005  # Of what is ordered of a file: where more fails on every computer, it is mended before it is extended
)
DESIGNS = 4  # Designs that must have tested a claim before it is known to hold in general
DESIGNS_OPEN = 2  # Such designs of one finding that may wait for an answer
CROSSINGS = 6  # Claims with two factors moved at once that one finding gets: more nobody reads
DEEPEST = 3  # Proposals that may follow from each other without a person between them
DEAREST_DISCRIMINATION = 8.0  # How many times as much a replicate of a design may cost that sets two explanations apart
CONFIGS = 500  # Configs that one design may have
DEARER = 2.0  # A proposal that costs more times what was expected is refused: its cap was counted with another number
CHANGED_CHARACTERS = 20_000  # Characters of the old and new lines that a proposal to mend a text keeps
ADMITTED_IN_A_SESSION = 4  # Proposals answered in a session: each asks code its cost, and the lease is half a minute
