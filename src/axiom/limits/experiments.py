"""How a file, a draft, a preflight and a release are limited, and how many results are shown."""

from datetime import timedelta

FILE_CHARACTERS = 100_000  # ten times the longest file of the catalogue, and read in a moment
REFUSALS_TOLD = 20  # of a file: whoever mends these will ask again
DRAFT_TRIES = 4  # texts of one name, and of its kin under other names, until one of them is proposed
# Two files are kin that share so much of what they compute. Of the 3,240 pairs of experiments that Axiom brings along
# six are: sisters that were copied from each other. A file whose names, numbers, words and order were changed and of
# which every second line became a function of its own shares three quarters.
KIN_SHARE = 0.4  # of the parts of the smaller file
KIN_SHARE_OF_AUTHOR = 0.3  # where one author wrote both
KIN_PARTS = 4  # at least: two small files have two or three in common by chance
KIN_RARE_PARTS = 15  # that no third file of Axiom's own has, however much else was put around them
KIN_FIELDS = 4  # factors and measures: fewer may have the same names by chance
KIN_NAMED = 5  # tries in a sentence; all are listed below it
DRAFT_CPU_SECONDS = 900.0  # that the preflight of a draft may take, by what it declares
DRAFT_SECONDS = 1_800.0  # by the clock, until a preflight of a draft is ended
DRAFT_CHARACTERS = 100_000  # fifty times as long as one is
COMPILE_CPU_SECONDS = 20.0  # that a cell may take to compile, beyond its margin
# After something went wrong that is not the bundle's fault; twice as long each time after that.
PREFLIGHT_REST_SECONDS = 60.0
PREFLIGHT_LONG_REST_SECONDS = 3_600.0  # for what somebody must install first
# Needs should be right within a third where it was measured. How the dearest config relates to the cheapest hardly
# depends on the computer, and a cell beside busy neighbours takes half as much again: what is off by more is wrong by
# itself. How both relate to a reference core does depend on it, though its speed is measured beside: processors differ
# in what they are quick at.
COST_FACTOR = 3.0
COST_FACTOR_OF_COMPUTERS = 10.0  # on a computer of which it is not known
COST_FLOOR_SECONDS = 0.02  # below that, what surrounds a cell costs as much as the cell
RUNAWAY_SHARE = 0.05  # of the cells at other seeds that may leave the real numbers: a training may run away by bad luck
CONTROL_SEEDS = 8  # of each control: as many as a block of evidence, and enough for any kind whose null is a half or 0
CONTROL_MOST_SEEDS = 16  # of a control that fewer did not settle
CONTROL_ENOUGH = 20.0  # the e-value from which on evidence, too, claims an effect
CONTROL_HINT = 5.0  # the e-value from which on a placebo is none
CONTROL_VALUES = 0.75  # the share of the seeds of a placebo that must have a value
# A placebo that is none by no more than luck: its estimate lies beyond this share of the smallest effect that matters.
CONTROL_NEAR = 0.5
CONTROL_SAME_LEVEL = 0.01  # numbers of two configs that differ by less are the same, where a control must be another
CONTROL_LEANING = 1.0  # the e-value of a placebo that is none by no more than luck is above it
FAILING_SHARE = 0.1  # of a version's tasks; more is for whoever wrote it to mend
FAILING_SOURCES = 3  # that must fail before what only kills processes is laid to the version
FAILING_TASKS = 10  # of fewer sources: one computer's trouble comes in rows, and the others have not reported yet
FAILING_IN_A_ROW = 5  # tasks of which none works anywhere, whoever says what
PILOT_TASKS = 3  # of the first pilot, at as many volunteers, where there are so many
WIDER_TASKS = 20  # valid ones of volunteers, before all may have it
RELEASE_TASK_OUT_FOR = timedelta(hours=2)  # a task that is out for longer holds up nobody
PILOT_WAITS_FOR = timedelta(minutes=10)  # another volunteer, before one gets a further task of a pilot
WIDER_SHARE = 0.02  # that the second pilot may have of the volunteers' cores
WIDER_OUT = 100  # tasks of it: with more one sees nothing more
RELEASED_IN_VAIN = 9  # tasks of which none was valid, whosever doing it was
WATCHES_OPEN = 100  # each is held against every new result of its version
RESULTS_ON_A_PAGE = 100  # rows
RESULT_PAGES = 40  # a page costs more the further on it is; who wants all takes the export
RESULT_ROWS = 10_000  # of a CSV
RESULT_ROWS_AT_ONCE = 200  # of which they are made
RESULTS_SUMMED = 100_000  # of a version: a page of eleven million would take half a minute
FAILURE_GROUPS = 200  # that a page shows; of more, how many there are
FAILING_HOSTS_NAMED = 50  # of one group
DRAFTS_SHOWN = 200  # the newest
PUBLISHED_CHARACTERS = 200_000  # of a file as it is sent: a hundred times as long as one is
FAILURE_GROUPS_TOLD = 5  # on an operator's page; all are on their own
FAILURE_EXAMPLES = 8  # tasks of a group that are read for what they said, and at which config
FAILURE_HOSTS = 2  # on which the same fails, before it is no longer a host's own trouble
