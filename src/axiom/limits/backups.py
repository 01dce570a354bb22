"""How often the laboratory is copied, and when a copy that follows it is late."""

from datetime import timedelta

DOCTOR_DAYS = 7  # Days since the last backup after which `axiom doctor` warns
COPIES_KEPT = 2  # Whole copies that lie beside the journal; the journal goes back to the older one
COPY_EVERY = timedelta(hours=24)  # How often the laboratory is copied whole, beside its journal
UPGRADE_COPY_FOR = timedelta(days=30)  # How long the copy of the database from before an upgrade is kept
ARCHIVE_PART_BYTES = 32 * 1024 * 1024  # How large an archive of old tasks grows: the journal takes it as one record
FOLLOWER_SILENT_SECONDS = 30.0  # A copy that ended no look at the journal for this long is stuck, or far behind
FOLLOWER_PAUSE_SECONDS = 5.0  # How long a copy waits before it tries again while its disk is full or its store is busy
FOLLOWER_LOOK_SECONDS = 0.5  # How often a copy that follows the journal looks for changes
SEGMENT_BYTES = 64 * 1024 * 1024  # How large one file of the journal grows
