"""How much is drawn in a picture, and how often it is drawn again."""

from datetime import timedelta

REDRAWN_EVERY = timedelta(seconds=20)  # unless a block closed: each picture costs a fifth of a second
RESTS_AFTER = 30  # looks at which nothing had changed; the process that draws holds a lot of memory
PICTURE_SECONDS = 60.0  # to draw one; the first of a process imports its libraries, perhaps from a cold disk
VALUES_DRAWN = 500  # of single replicates in one picture; above it every second, third … is drawn
# The first of a version: a curve is of no others, so that it costs the same however many are back.
CURVE_REPLICATES = 32
CURVE_PLACES = 24  # of a curve: of a longer list so many places are drawn, evenly chosen
HOSTS_DRAWN = 12  # in one picture
ROWS_BESIDE_A_PICTURE = 200  # of its data: of thousands the page would have more to carry than to say
