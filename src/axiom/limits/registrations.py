"""How many replicates a registered design has, and how many enter evidence together."""

from datetime import timedelta

BLOCK_ALONE = 8  # Replicates in a block where nobody else computes, so that the first interval is seen soon
BLOCK_OF_VOLUNTEERS = 16  # Replicates that a block has at least where volunteers compute
SETTLED_AFTER = 32  # Replicates before an interval counts as settled: with fewer, it may be narrow by chance
# Replicates of a design, unless its registration says otherwise: what they leave undecided is better asked
# differently
REPLICATES = 256
STAMP_AGAIN_AFTER = timedelta(minutes=1)  # How long a time-stamping authority that failed is left alone
# How far the clocks of a laboratory and of a time-stamping authority may lie apart: a stamp that seems so much younger
# than the first result may be the older one
STAMP_CLOCKS_APART = timedelta(minutes=1)
STAMP_LATE_AFTER = timedelta(minutes=10)  # How long a registration may wait for its stamp before `axiom doctor` warns
