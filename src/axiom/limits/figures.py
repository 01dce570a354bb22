"""How often a picture is drawn again, and what is drawn of a curve."""

from datetime import timedelta

# How often a picture is drawn anew at most, unless a block closed: each costs about 40 ms
REDRAWN_EVERY = timedelta(seconds=20)
FIRST_DRAWN_AFTER = timedelta(seconds=30)  # How long most pictures wait for a laboratory's first findings
FIRST_DRAWN = 20  # Pictures that are drawn at a time meanwhile: a front page's are among the first
CURVE_REPLICATES = 32  # A curve is drawn of the first replicates only, and costs the same however many are back
CURVE_PLACES = 24  # Places that are drawn of a curve; of a longer list they are chosen evenly
ROWS_BESIDE_A_PICTURE = 200  # Rows of data shown beside a picture: thousands would weigh the page down
