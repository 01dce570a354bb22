"""What the laboratory's server takes at once, and how long it waits."""

from datetime import timedelta

FREE_DISK_BYTES = 1_000_000_000  # below which outputs have to wait
REQUESTS_A_SECOND = 20.0  # of one program
REQUESTS_AT_ONCE = 40.0  # of one program that was quiet
SLOW_REQUESTS = 4  # that a program asks for at once: each may take a thread for seconds
SLOW_REQUESTS_WAITING = 40  # more that wait for their turn
COMMAND_BYTES = 1_000_000  # of a command as it is sent
FORM_BYTES = 64 * 1024  # of a page
FORMS_WAITING = 50  # more than are done in the time for which anybody waits
FILE_SECONDS = 20.0  # that somebody waits for the files of others
FILES_WAITING = 16  # people who wait for one
FILES_FETCHED = 32  # at once: each is in memory until it is, which may take long
VALUES_REMEMBERED = 512  # of one kind that pages write again and again
PAGE_FRESH_SECONDS = 2.0  # that a page in memory is shown again
PAGES_REMEMBERED = 256  # in memory
PAGE_REMEMBERED_BYTES = 256 * 1024  # a larger answer is a file to take away, asked for once
QUESTIONS_WAITING = 100  # for a thread; whoever comes then is asked to come again
CLIENT_FORM_BYTES = 256 * 1024  # of a client
FILES_REMEMBERED_BYTES = 64 * 1024 * 1024  # in memory; the fleet fetches the same few at the same time
LARGE_FILE_BYTES = 4 * 1024 * 1024  # above which a file is never in memory as a whole
FILE_PIECE_BYTES = 256 * 1024  # that are read of it at once
REQUEST_BYTES = 16 * 1024 * 1024  # of a client
UNREAD_BYTES = 1024 * 1024  # of answers that wait to be fetched, above which no more is answered
SLOWEST_BYTES_A_SECOND = 1024  # of a body that may take longer than other bodies
UPLOAD_HEAD_BYTES = 16_384  # of what a client says before an output
HEADER_BYTES = 16 * 1024  # with the address; BOINC's clients send 300, browsers 1 to 2 KB
BODY_BYTES = 1024 * 1024  # of a request to the site
HEADER_SECONDS = 10.0  # in which the header of a request has to come
BODY_SECONDS = 30.0  # in which its body has to
ANSWER_SECONDS = 60.0  # in which something of an answer has to be fetched
IDLE_SECONDS = 15.0  # between two requests of a connection
REQUESTS_WAITING = 16  # behind one that is being answered, on one connection
CONNECTIONS = 4_000  # at once; fewer where the system lets a process have fewer files open than these need
CONNECTIONS_OF_ONE_SENDER = 64  # a reverse proxy brings those of many
REPORTS_A_SECOND = 5  # contacts whose reports are judged and paid before they are answered
MCP_REQUEST_BYTES = 1_000_000
MCP_SESSIONS = 200  # of clients of the older era
MCP_SESSIONS_OF_PROGRAM = 10
MCP_IDLE_SECONDS = 900.0  # after which a session ends
APPROVAL_FOR = timedelta(minutes=10)  # that a question to a person stands
CHANGES_WAITING = 20_000  # in the writer's queue: more than are done in a few seconds, so that nobody waits for longer
CHANGE_GROUP_SECONDS = 0.02  # after which no more changes join a group: somebody waits for its answers
# At most, before the laboratory counts as not ready: a busy disk makes a change wait for one or two seconds.
WRITER_WAITS = timedelta(seconds=30)
JOB_TAKES = timedelta(minutes=15)  # a turn of it, at most: a thousand pictures take minutes to draw
JOB_LATE_AFTER = timedelta(minutes=2)  # at least
JOB_TURNS_MISSED = 2  # before a job is late: a busy laboratory is
JOB_PAUSE_SECONDS = 8.0  # at most between attempts of a job that keeps failing: when a disk has room again, all goes on
CLOCK_TOLERATED = timedelta(minutes=1)  # what time servers correct in passing
DOCTOR_FREE_MB = 1_000  # below which `axiom doctor` warns
DOCTOR_SYNC_MS = 50.0  # of the disk, above which it warns
DOCTOR_SECONDS = 10.0  # for a server to answer: whoever asks a doctor suspects already that it does not
COMMAND_SECONDS = 60.0  # that a command line waits for an answer; publishing an experiment takes a few
SPARE_DISK_BYTES = 200 * 1024 * 1024  # that stay free while a runner is fetched
