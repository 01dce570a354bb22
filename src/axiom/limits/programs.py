"""How often a program may ask and give commands, and what it is told first."""

DRY_RUNS = 5  # A program may try a command this many times as often as it may give it: a trial takes time, too
SAME_COMMANDS = 3  # How often a day a program may give the same command; then it is refused with the earlier answer
REFUSALS_A_DAY = 1_000  # Refusals of one program written down in a day; beyond them it is refused without a record
ROWS_OF_A_BRIEFING = 8  # Rows shown of each list in the briefing that a program reads first
REQUESTS_A_SECOND = 20.0  # Requests a second that one program may make
REQUESTS_AT_ONCE = 40.0  # Requests that a program which was quiet may make at once
SLOW_REQUESTS = 4  # Slow requests of one program that are answered at a time: each may take a thread for seconds
SLOW_REQUESTS_WAITING = 40  # Further slow requests of one program that may wait for their turn
COMMAND_BYTES = 1_000_000  # The largest command that may be sent
