"""How a file, a draft, a preflight and a release are limited, and how much is loaded of an old laboratory."""

from datetime import timedelta

# The longest file of an experiment: ten times the longest of the catalogue, and read in a moment
FILE_CHARACTERS = 100_000
REFUSALS_TOLD = 20  # Faults of a file told at once: whoever mends these will ask again
DRAFT_TRIES = 4  # Texts of one draft and its kin that may be tried before one of them is proposed
# Two files are kin that share so much of what they compute. Of the 5,253 pairs of experiments that Axiom brings along
# nine are: sisters that were copied from each other. A file whose names, numbers, words and order were changed and of
# which every second line became a function of its own shares three quarters.
KIN_SHARE = 0.4  # Two files are kin that share this much of the smaller one
KIN_SHARE_OF_AUTHOR = 0.3  # Two files of one author are kin that share this much of the smaller one
KIN_PARTS = 4  # Parts that kin have in common at least: two small files have two or three in common by chance
KIN_RARE_PARTS = 15  # Shared parts that make two files kin if no other of Axiom's experiments has them
KIN_FIELDS = 4  # Two files of the same factors and measures are kin from this many on: fewer may agree by chance
KIN_STEPS = 60  # From so many steps on a function, or a file, has to be readable
KIN_STEPS_OF_PART = 16  # Steps for each part of it, beyond which it cannot be read: 11 at most in the catalogue
KIN_WRITTEN = 20  # Characters of numbers and words for each part of a file, beyond which it cannot be read: 13 there
KIN_SAME_VALUES = 2  # Numbers at the same seeds that make two texts kin, each of three values
KIN_SAME_RATIOS = 3  # Ratios of whole numbers in which they lie apart that do, if they are half of the smaller text's
KIN_WHOLE = 5_000  # A ratio of whole numbers up to this one may be alike by chance
KIN_FLOAT_NOISE = 1e-6  # Values that differ by no more than this share of themselves hardly depend on the seed
KIN_NAMED = 5  # Earlier tries that a sentence names; all are listed below it
DRAFT_CPU_SECONDS = 900.0  # Computing time that a draft's preflight may need, by what the draft declares
DRAFT_SECONDS = 1_800.0  # A draft's preflight that takes longer by the clock is ended
DRAFT_CHARACTERS = 100_000  # The longest text a draft may have: fifty times as long as one usually is
COMPILE_CPU_SECONDS = 20.0  # Computing time that compiling may take in a preflight, beyond what cells may take
# How long preflights rest after something went wrong that is not the bundle's fault; the bundle waits longer each
# time
PREFLIGHT_REST_SECONDS = 60.0
PREFLIGHT_LONG_REST_SECONDS = 3_600.0  # The longest such wait; also the rest where somebody must install something
# How many times a config's cost may be off, compared with the dearest config's. What relates configs to each other
# hardly depends on the computer, and busy neighbours add half as much again: what is off by more is declared wrong.
COST_FACTOR = 3.0
# How many times a declared cost may be off what is measured: processors differ in what they are quick at
COST_FACTOR_OF_COMPUTERS = 10.0
COST_FLOOR_SECONDS = 0.02  # Costs that differ by less are the same: what surrounds such a cell costs as much
# Cells of a sweep without finite numbers, as a share of those at other seeds: a training may run away by bad luck
RUNAWAY_SHARE = 0.05
CONTROL_SEEDS = 8  # Seeds that each control is run at: a block of evidence, enough where the null is a half or 0
CONTROL_MOST_SEEDS = 16  # Seeds that a planted effect is run at where fewer did not settle it
# The e-value from which on a control shows its effect, as evidence does. By luck a placebo at its last seeds does so
# in 2 of 1,000 files whose noise is four times what matters (`scripts/bench placebo_luck`).
CONTROL_ENOUGH = 20.0
# The e-value from which on a placebo hints at an effect, or shows that a leak is smaller than a size: at a lower one
# fewer leaks are found, at a higher one placebos need more seeds.
CONTROL_HINT = 5.0
CONTROL_SHOWN = 100.0  # The e-value from which on a placebo has shown an effect, and so is none
PLACEBO_MOST_SEEDS = 64  # Seeds up to which a placebo is run, twice as many each time, until it would show a leak
CONTROL_LEAK = 1.5  # The leak that a placebo would have to show, in smallest effects that matter
CONTROL_VALUES = 0.75  # Share of a placebo's seeds that must have a value
CONTROL_SAME_LEVEL = 0.25  # Two configs whose numbers differ by no more than this share count as the same control
CONTROL_FOLLOWS_SEEDS = 6  # Seeds that must have both values where a control is compared with what is asked by rank
COMPARED_SECONDS = 5.0  # Reference seconds of cells that a changed text computes beside the published one
FAILING_SHARE = 0.1  # Share of a version's tasks that may fail; with more, its author has to mend it
FAILING_SOURCES = 3  # Computers that must fail before crashes are blamed on the version rather than on a computer
FAILING_TASKS = 10  # Tasks needed to judge a version by fewer computers: one computer's failures come in rows
FAILING_IN_A_ROW = 5  # A version is halted when this many tasks failed and none worked anywhere
PILOT_TASKS = 3  # Tasks that a new version is tried with first, spread over as many volunteers where there are so many
PILOT_SHARE = 0.01  # Share of the waiting work that trials of new versions may have while there is other work
WIDER_TASKS = 20  # Valid tasks of volunteers that a version needs, at least, before all may have it
RELEASE_TASK_OUT_FOR = timedelta(hours=2)  # A task that is out for longer no longer holds up the release of its version
# How long a new version waits for other volunteers before one may have more than a fair share of its tasks
PILOT_WAITS_FOR = timedelta(minutes=10)
WIDER_SHARE = 0.02  # Tasks in the second trial of a version, as a share of the volunteers' cores
WIDER_OUT = 100  # The most tasks that this share may come to: more would show nothing new
RELEASED_IN_VAIN = 9  # A version is halted when this many tasks failed and none was valid, whoever is to blame
FORMER_ROWS = 500  # Results of an old laboratory that one command loads at most
FORMER_NUMBERS = 100  # Numbers of one such result, and measures of them that an experiment's page sums up
FORMER_SUMMED = 20_000  # Such results that an experiment's page sums up
DRAFTS_SHOWN = 200  # How many of the newest drafts are shown
PUBLISHED_CHARACTERS = 200_000  # The longest file that may be sent to be published: a hundred times the usual length
