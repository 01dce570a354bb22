"""What the laboratory's server takes at once, how long it waits, and when clients call again."""

from datetime import timedelta

# A computer with work calls again after this time, or when half of the work is done if that is sooner: a computer
# whose results count need not be thanked within seconds
CALL_AGAIN_SECONDS = 180.0
CALL_ANYHOW_SECONDS = 3_600.0  # A client calls again within this time in any case, to hear of aborts and notices
FREE_DISK_BYTES = 1_000_000_000  # Outputs have to wait while less disk space than this is free
FORM_BYTES = 64 * 1024  # The largest form that a page may send
FORMS_WAITING = 50  # Forms with passwords under way at once: nobody would wait as long as more of them take
FORMS_OF_ONE_VISITOR = 8  # Of these, the forms that came from one address
FILE_SECONDS = 20.0  # How long somebody who wants a file waits while those of others are made
FILES_WAITING = 16  # People who may wait for such a file at once
FILES_FETCHED = 32  # Such files that are fetched at once: each is in memory until it is, which may take long
FILES_OF_ONE_VISITOR = 4  # Of these, the files that one address fetches
VALUES_REMEMBERED = 2_048  # Values of each kind that are kept in memory because pages write them again and again
PAGE_FRESH_SECONDS = 2.0  # How long a page in memory is shown again before it is made anew
PAGES_REMEMBERED = 256  # Pages that are kept in memory
PAGES_REMEMBERED_BYTES = 16 * 1024 * 1024  # Memory for the pages kept, in all: of each the whole and the compressed
PAGE_REMEMBERED_BYTES = 256 * 1024  # The largest page kept in memory: a larger answer is a file, asked for once
QUESTIONS_WAITING = 100  # Requests of clients that may wait for a thread; whoever comes then is asked to come again
CLIENT_FORM_BYTES = 256 * 1024  # The largest form that a BOINC client may send
FILES_REMEMBERED_BYTES = 64 * 1024 * 1024  # Files kept in memory, in all: the fleet fetches the same at the same time
LARGE_FILE_BYTES = 4 * 1024 * 1024  # A larger file is never in memory as a whole
FILE_PIECE_BYTES = 256 * 1024  # How much of such a file is read at once
REQUEST_BYTES = 16 * 1024 * 1024  # The largest request that a client may send
SLOWEST_BYTES_A_SECOND = 1024  # Bytes a second at which a body must arrive that may take longer than others
FOREIGN_UPLOAD_BYTES = 1_000_000_000  # The most that a task of the server before may upload
# The most large outputs that a computer may bring without reporting them, partial and replaced ones too
UNREPORTED_BYTES = 1_000_000_000
FAILED_OUTPUT_FOR = timedelta(days=1)  # How long an output brought for a failed task is kept, and counts as unreported
PARTIAL_UPLOAD_FOR = timedelta(days=14)  # How long an unfinished upload is kept for a client that goes on with it
UPLOAD_HEAD_BYTES = 16_384  # The most that a client may say before the output that it uploads
HEADER_BYTES = 16 * 1024  # The largest header of a request: BOINC's clients send 300 bytes, browsers 1 to 2 KB
BODY_BYTES = 1024 * 1024  # The largest body of a request to the site
BODY_SECONDS = 30.0  # How long the body of a request may take to arrive, or its next part at the slowest rate
ANSWER_SECONDS = 60.0  # How long the site waits until a piece of an answer is fetched
BODIES_BYTES = 256 * 1024 * 1024  # Bodies of a kind that may be in memory together until they are answered
BODIES_BYTES_OF_ONE_VISITOR = 32 * 1024 * 1024  # Of these, the bodies that came from one address
IDLE_SECONDS = 15  # How long a connection may be idle between two requests
CONNECTIONS = 10_000  # Connections at once, or fewer where the system lets a process open too few files for these
REQUESTS_OF_ONE_VISITOR = 64  # Requests from one address under way at once; a proxy says from which each one comes
REPORTING_CONTACTS_A_SECOND = 5  # Contacts a second whose reports are judged and paid at once; others are judged later
MCP_REQUEST_BYTES = 1_000_000  # The largest request to the MCP server
MCP_SESSIONS = 200  # Sessions of the MCP server at once, which clients of the older protocol open
MCP_SESSIONS_OF_PROGRAM = 10  # Sessions of the MCP server that one program may have at once
MCP_IDLE_SECONDS = 900.0  # How long a session of the MCP server may be idle before it ends
APPROVAL_FOR = timedelta(minutes=10)  # How long a person has to answer whether a command may be done
CHANGES_WAITING = 20_000  # Changes that may wait to be stored: they are done in a few seconds, and nobody waits longer
CHANGE_GROUP_SECONDS = 0.02  # How long changes are gathered to be stored together: somebody waits for the answers
# A change that waits longer makes the laboratory count as not ready; on a busy disk it waits a second or two
WRITER_WAITS = timedelta(seconds=30)
# How long one turn of a job may take before it counts as stuck: a thousand pictures take minutes to draw
JOB_TAKES = timedelta(minutes=15)
JOB_LATE_AFTER = timedelta(minutes=2)  # A job that was seen within this time is never called late
JOB_TURNS_MISSED = 2  # Turns that a job may miss before it is late: in a busy laboratory it misses some
JOB_PAUSE_SECONDS = 8.0  # The longest pause before a failing job is tried again: once a disk has room, all goes on
CLOCK_TOLERATED = timedelta(minutes=1)  # How far the clock may be set back at a start: time servers correct as much
DOCTOR_FREE_MB = 1_000  # Free disk space, in MB, below which `axiom doctor` warns
DOCTOR_SYNC_MS = 50.0  # Time that the disk takes to store a write for good, in ms, above which `axiom doctor` warns
DOCTOR_SECONDS = 10.0  # How long `axiom doctor` waits for a server: whoever asks it suspects already that none answers
COMMAND_SECONDS = 60.0  # How long a command line waits for an answer; publishing an experiment takes a few seconds
SPARE_DISK_BYTES = 200 * 1024 * 1024  # Disk space that must stay free while a runner is fetched
