"""How many replicates a registered design has, and how many enter evidence together."""

from datetime import timedelta

# Replicates where nobody else computes, whatever the size of its tasks: who computes at home sees the first interval
# soonest.
BLOCK_ALONE = 8
BLOCK_OF_VOLUNTEERS = 16  # replicates at least
SETTLED_AFTER = 32  # replicates: before that an interval may still be narrow by chance
REPLICATES = 256  # of one design, where nothing else is registered: what is undecided then is better asked differently
STAMP_AGAIN_AFTER = timedelta(minutes=1)  # that a time-stamping authority is left alone after it failed
STAMP_LATE_AFTER = timedelta(minutes=10)  # that a registration waits for its stamp before somebody is told
