"""How much is drawn in a picture."""

VALUES_DRAWN = 500  # of single replicates in one picture; above it every second, third … is drawn
HOSTS_DRAWN = 12  # in one picture
