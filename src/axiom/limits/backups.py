"""How often the laboratory is copied, and when a copy that follows it is late."""

from datetime import timedelta

DOCTOR_DAYS = 7  # since the last backup, after which `axiom doctor` warns
COPY_EVERY = timedelta(hours=24)  # beside the journal
ARCHIVE_PART_BYTES = 32 * 1024 * 1024  # of tickets and outputs in one file: the journal takes it as one record
FOLLOWER_SILENT_SECONDS = 30.0  # without a look that ended: it is stuck, or far behind
FOLLOWER_PAUSE_SECONDS = 5.0  # while the disk is full
FOLLOWER_LOOK_SECONDS = 0.5  # between two looks: what a look sees is done at the next
SEGMENT_BYTES = 64 * 1024 * 1024  # of a file of the journal
