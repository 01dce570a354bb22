"""How long news stand, and how many are shown."""

from datetime import timedelta

STANDS_FOR = timedelta(days=7)  # How long news stand on the front page, unless whoever writes them says otherwise
LONGEST_STANDS_FOR = timedelta(days=366)  # The longest that news may stand on the front page
FINDINGS_A_DAY = 3  # Findings of one day that are news; more would be a list
ON_THE_PAGE = 100  # News of each kind on their page
FEED_ENTRIES = 20  # How many of the newest entries the feed has
