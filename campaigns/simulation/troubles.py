"""What goes wrong in a simulation, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Troubles:
    """Shares are of messages or of hosts, from 0 to 1; the others are so many in thirty days."""

    # Of the messages between a computer and the laboratory.
    lost_requests: float = 0.0
    lost_replies: float = 0.0  # after the laboratory has stored what the request brought
    doubled: float = 0.0
    delayed: float = 0.0  # by up to an hour: the sender has given up by then, and perhaps asked again
    cut_uploads: float = 0.0  # at any byte; the client asks how much is there and goes on
    # Of the computers.
    vanishing: float = 0.0
    sleeping: float = 0.0  # away for days, and back with what they had computed
    lying: float = 0.0
    crashing: float = 0.0  # every task ends with an error
    aborting: float = 0.0
    forgetting: float = 0.0  # lose their list of tasks now and then
    cloning: float = 0.0  # a second computer starts from a copy of the first one's folder
    flooding: float = 0.0  # ask without a pause
    wrong_clocks: float = 0.0  # by years, and with them every time that they report
    # Of the laboratory itself, in thirty days.
    kills: float = 0.0  # at the boundary of a statement
    full_disks: float = 0.0
    broken_disks: float = 0.0
    torn_writes: float = 0.0  # killed in the middle of writing a file or the journal
    full_journals: float = 0.0
    broken_journals: float = 0.0
    full_folders: float = 0.0  # of outputs that lie in files
    broken_folders: float = 0.0
    outages: float = 0.0  # of hours
    cancels: float = 0.0  # of open work by a person


CALM = Troubles()
ALL = Troubles(
    lost_requests=0.05,
    lost_replies=0.05,
    doubled=0.05,
    delayed=0.03,
    cut_uploads=0.05,
    vanishing=0.1,
    sleeping=0.1,
    lying=0.08,
    crashing=0.08,
    aborting=0.08,
    forgetting=0.1,
    cloning=0.08,
    flooding=0.05,
    wrong_clocks=0.1,
    kills=20.0,
    full_disks=6.0,
    broken_disks=3.0,
    torn_writes=6.0,
    full_journals=6.0,
    broken_journals=3.0,
    full_folders=6.0,
    broken_folders=6.0,
    outages=3.0,
    cancels=6.0,
)
