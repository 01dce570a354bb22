"""How often a picture is drawn again, and what is drawn of a curve."""

from datetime import timedelta

REDRAWN_EVERY = timedelta(seconds=20)  # unless a block closed: each picture costs a fifth of a second
# The first of a version: a curve is of no others, so that it costs the same however many are back.
CURVE_REPLICATES = 32
CURVE_PLACES = 24  # of a curve: of a longer list so many places are drawn, evenly chosen
RESTS_AFTER = 30  # looks at which nothing had changed; the process that draws holds a lot of memory
ROWS_BESIDE_A_PICTURE = 200  # of its data: of thousands the page would have more to carry than to say
