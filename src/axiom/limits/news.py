"""How long news stand, and how many are shown."""

from datetime import timedelta

STANDS_FOR = timedelta(days=7)  # on the front page, unless it is said otherwise
LONGEST_STANDS_FOR = timedelta(days=366)  # and no longer
ON_THE_FRONT_PAGE = 3  # at once
FINDINGS_A_DAY = 3  # that are news; more would be a list
ON_THE_PAGE = 100  # of a kind
FEED_ENTRIES = 20  # the newest
HOME_NEWS = 3  # on the front page
