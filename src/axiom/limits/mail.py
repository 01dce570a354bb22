"""Which mail is sent, how often, and how long it is tried."""

from datetime import timedelta

SILENT_FOR = timedelta(days=7)  # after which a volunteer's computer is asked after
DIGEST_EVERY = timedelta(days=7)  # a volunteer who wants it is sent what is new
SAME_ALERT_EVERY = timedelta(hours=1)  # at most, of one kind
KEPT_FOR = timedelta(days=3)  # a message that cannot be sent; then nobody waits for it any more
FIRST_WAIT = timedelta(minutes=1)  # before a message is tried again
LONGEST_WAIT = timedelta(hours=6)  # between two tries
SERVER_RESTS_FOR = timedelta(hours=1)  # at most, when it takes no message
SAME_MAIL_AFTER = timedelta(minutes=10)  # to the same person: nobody fills somebody's mailbox from here
PASSWORD_LINK_FOR = timedelta(hours=1)  # a link that sets a new password is good
DIGEST_ITEMS = 10  # of a kind
SENT_AT_ONCE = 20  # messages in one turn
SERVER_SECONDS = 20.0  # for each answer of a server
AWAY_FOR = timedelta(hours=1)  # when it was away for longer, computers come back one by one
BACK_WITHIN = timedelta(days=1)  # after such an absence: so long nobody is told that a computer is silent
SENT_MAIL_FOR = timedelta(days=1)  # how often the same is asked for is counted by it
