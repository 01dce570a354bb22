"""How much is drawn in a picture, and how long that may take."""

PICTURE_SECONDS = 60.0  # to draw one; the first of a process imports its libraries, perhaps from a cold disk
VALUES_DRAWN = 500  # of single replicates in one picture; above it every second, third … is drawn
HOSTS_DRAWN = 12  # in one picture
