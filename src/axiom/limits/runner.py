"""What the runner on a volunteer's computer allows an experiment, and how long it waits."""

IMPORT_MB = 2_000.0  # that a process may hold while it imports an experiment
IMPORT_CPU_SECONDS = 300.0  # to import an experiment; JAX takes a few of them
IMPORT_SECONDS = 6 * 3_600.0  # the same by the clock
STILL_SECONDS = 1_200.0  # in which a process used no processor at all
LEAST_CELL_SECONDS = 6 * 3_600.0  # by the clock, whatever its CPU limit
TIMES_CPU_LIMIT = 20  # that a cell may take by the clock on a busy host
LOG_BYTES = 1024 * 1024  # of a home; then it begins anew
THREADS = 256  # of one process; JAX starts about twenty
DISK_MB = 500.0  # that one process may write, to its own folder and its bundle's
BUNDLE_MB = 500.0  # that all processes of a bundle may leave to the next; twice what it begins anew with
LOOK_EVERY_SECONDS = 0.5  # at what a process holds
SCRATCH_MB_OF_BUNDLE = 250.0  # a bundle that left more begins anew
SCRATCH_MB = 1_000.0  # of all bundles of a home together
SCRATCH_SECONDS = 60 * 86_400.0  # that a folder is kept which nobody used
STARTS_WITHOUT_PROGRESS = 3  # of a task, without a further finished cell, or more kept of the next
PILOT_STARTS_WITHOUT_PROGRESS = 10  # on a cluster it is the usual thing to be killed
CHECKPOINT_SECONDS = 10.0  # between two states of a cell, at least
CHECKPOINT_WORTH_SECONDS = 1.0  # of computing, for which a stop that is asked for waits
BOINC_GONE_AFTER_SECONDS = 30.0  # without a heartbeat of boinc-client
TELL_EVERY_SECONDS = 3_600.0  # the laboratory how far a long task is
PUT_OFF_TIMES = 12  # that a task may wait for room or memory
FIRST_DELAY_SECONDS = 60  # that it waits, twice as long each time
LONGEST_DELAY_SECONDS = 4 * 3_600  # at most
DESCRIBE_SECONDS = 30.0  # that a request waits for what a file declares, JAX and a busy computer counted in
DESCRIBE_MB = 2_000.0  # that the process may hold which asks the file
