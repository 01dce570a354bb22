"""What the runner on a volunteer's computer allows an experiment, and how long it waits."""

IMPORT_MB = 2_000.0  # Memory that a process may hold while it imports an experiment
IMPORT_CPU_SECONDS = 300.0  # Computing time that importing an experiment may take; JAX takes a few seconds
IMPORT_SECONDS = 6 * 3_600.0  # How long importing an experiment may take by the clock
STILL_SECONDS = 1_200.0  # A process that used no processor at all for this long is stopped
LEAST_CELL_SECONDS = 6 * 3_600.0  # The time by the clock that each cell may take, however short its CPU limit
TIMES_CPU_LIMIT = 20  # How many times its CPU limit a cell may take by the clock on a busy computer
LOG_BYTES = 1024 * 1024  # How large the log in the runner's folder grows before a new one is begun
THREADS = 256  # Threads that one process may start; JAX starts about twenty
THREADS_OF_CELLS = 1_024  # More threads of a process whose cells compute side by side, each in its own
DISK_MB = 500.0  # What one process may write to disk, in its own folder and its bundle's
BUNDLE_MB = 500.0  # What all processes of a bundle may leave to the next ones: twice what it may begin with
LOOK_EVERY_SECONDS = 0.5  # How often a process's threads and disk use are looked at
SCRATCH_MB_OF_BUNDLE = 250.0  # A bundle that left more on disk than this begins anew
SCRATCH_MB = 1_000.0  # What all bundles of a runner's folder may leave on disk together
SCRATCH_SECONDS = 60 * 86_400.0  # How long a folder that nobody used is kept
STARTS_WITHOUT_PROGRESS = 3  # Starts that a task may have without finishing one more cell, or keeping more of the next
PILOT_STARTS_WITHOUT_PROGRESS = 10  # The same on a cluster, where it is usual to be killed
CHECKPOINT_SECONDS = 10.0  # The time between two saved states of a cell, at least
CHECKPOINT_WORTH_SECONDS = 1.0  # A task asked to stop first saves its state if more computing than this would be lost
BOINC_GONE_AFTER_SECONDS = 30.0  # BOINC's client counts as gone after this long without a heartbeat
TELL_EVERY_SECONDS = 3_600.0  # How often the laboratory is told how far a long task is
PUT_OFF_TIMES = 12  # How often a task may be put off for want of disk space or memory
FIRST_DELAY_SECONDS = 60  # How long such a task waits the first time, and twice as long each further time
LONGEST_DELAY_SECONDS = 4 * 3_600  # The longest that such a task waits
DESCRIBE_SECONDS = 30.0  # How long a file may take to say what it declares, with JAX and a busy computer counted in
DESCRIBE_MB = 2_000.0  # Memory that the process may hold which asks a file what it declares
