"""Which mail is sent, how often, and how long it is tried."""

from datetime import timedelta

SILENT_FOR = timedelta(days=7)  # A volunteer who wants it is mailed when a computer was silent for this long
DIGEST_EVERY = timedelta(days=7)  # How often a volunteer who wants it is mailed what is new
SAME_ALERT_EVERY = timedelta(hours=1)  # How often operators are told of the same kind of trouble, at most
KEPT_FOR = timedelta(days=3)  # How long a message that cannot be sent is tried; then nobody waits for it any more
FIRST_WAIT = timedelta(minutes=1)  # How long after a failure a message, or a mail server, is tried again at first
LONGEST_WAIT = timedelta(hours=6)  # The longest wait between two tries to send a message
SERVER_RESTS_FOR = timedelta(hours=1)  # The longest that a server which takes no message is left alone
SAME_MAIL_AFTER = timedelta(minutes=10)  # How soon the same mail may be asked for again: no mailbox is to be filled
DIGEST_ITEMS = 10  # Items of each kind that a digest names
SENT_AT_ONCE = 20  # Messages that are sent in one turn
SERVER_SECONDS = 20.0  # How long each answer of a mail server is waited for
# A laboratory that was away for longer gives computers time to come back before it calls them silent
AWAY_FOR = timedelta(hours=1)
BACK_WITHIN = timedelta(days=1)  # How long after such an absence nobody is told that a computer is silent
SENT_MAIL_FOR = timedelta(days=1)  # How long a sent mail is remembered, to count how often the same is asked for
