"""Every error that Axiom raises on purpose.

    AxiomError
    ├── WrongUse                exit 2   the words of a command are off
    │   └── UnknownName                  and this is the nearest name
    ├── NotFound                exit 3   there is no such thing
    ├── Refused                 exit 4   a limit or a rule says no
    │   ├── NotAllowed                   the caller may not do this at all
    │   ├── LimitReached                 the caller may not do this much
    │   ├── KeyReused                    one idempotency key, two different commands
    │   ├── TicketTooLong                the order does not fit a command line
    │   ├── Withdrawn                    the experiment is retired or recalled
    │   └── HeldByAnother                somebody else has the session in hand
    ├── CannotStart             exit 5   port, folder, lock, clock or keys are in the way
    │   ├── FolderInUse  FolderUnusable  PortInUse  ClockSetBack  StoreTooNew  KeysUnusable
    │   ├── NoAnswer                     whoever was asked is silent, or gone
    │   ├── NoSandbox                    nothing untried may run without one
    │   └── NoLab                        no laboratory in this folder yet
    ├── StoreError              exit 5   nothing was stored, and nobody was told otherwise
    │   ├── StorageFull  StoreBusy  StoreDamaged
    ├── TicketError             exit 13  the runner refuses the order; nothing is run
    │   ├── EmptyTicket  MalformedTicket  ForeignTicket  ExpiredTicket  UnequalTicket
    ├── BundleError             exit 14  the runner refuses the code; nothing is imported
    │   ├── BundleMissing  BundleAltered  BundleForeign  BundleExpired  BundleRolledBack
    ├── TaskError                        the runner gives the task up; the exit code is the task's
    │   ├── ChildLost  TooManyStarts  NoRoom  GpuUnusable  MemoryLimit   exits 11, 12, 15, 16, 198
    │   │   └── ChildKilled
    ├── OutputError                      what a host returned is not an output
    ├── MalformedRequest                 what a client sent is not a request
    ├── NotStamped                       no authority has dated a registration
    ├── Fault                   exit 70  a fault of ours in the process that does the commands
    ├── ModelError                       a language model gave no answer that can be used
    │   ├── ModelBusy                    its service took nothing on; it may do so later
    │   ├── ModelLost                    nobody knows whether it answered, and whether that is paid for
    │   ├── RequestRejected              its service will not take this request, however often it is sent
    │   └── AnswerUnreadable             it answered, and that is not an answer
    └── ExperimentError         exit 1   the experiment's own file or code is at fault
        └── FileUnusable                 it cannot be imported, or declares what it must not

A message says what happened, what it means and what to do next. `exit_code` is what a command line ends with.
"""

import difflib
from collections.abc import Iterable


class AxiomError(Exception):
    """Something that we foresaw, said in a sentence that helps."""

    exit_code = 1


class WrongUse(AxiomError):
    """The words of a command are off."""

    exit_code = 2


class UnknownName(WrongUse):
    """A name that nothing has; the nearest one is suggested."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        self.name = name
        names = sorted(set(choices))
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        if near:
            hint = f"Did you mean {near[0]}?"
        elif names:
            hint = "Known: " + ", ".join(names[:12]) + (", …" if len(names) > 12 else "") + "."
        else:
            hint = "There is none yet."
        super().__init__(f"There is no {kind} named {name!r}. {hint} Nothing was done.")


class NotFound(AxiomError):
    """There is no such thing."""

    exit_code = 3


class Refused(AxiomError):
    """A limit or a rule says no."""

    exit_code = 4


class NotAllowed(Refused):
    """The caller may not do this at all."""


class LimitReached(Refused):
    """The caller may not do this much."""


class KeyReused(Refused):
    """The same idempotency key came with another command."""


class TicketTooLong(Refused):
    """The order is larger than a command line can carry."""


class Withdrawn(Refused):
    """The experiment is retired or recalled, so nothing more is ordered of it."""


class HeldByAnother(Refused):
    """Somebody else has the session in hand, and nothing of it was done."""


class CannotStart(AxiomError):
    """Something outside the program is in the way."""

    exit_code = 5


class FolderInUse(CannotStart):
    """Another process holds the data folder."""


class FolderUnusable(CannotStart):
    """The data folder cannot be read or written."""


class PortInUse(CannotStart):
    """Another process listens where the site should."""


class ClockSetBack(CannotStart):
    """The clock stands before something that this laboratory has already recorded."""


class StoreTooNew(CannotStart):
    """The database was written by a newer Axiom."""


class KeysUnusable(CannotStart):
    """Keys are missing, damaged or readable by others."""


class NoAnswer(CannotStart):
    """Whoever was asked is silent, or gone."""


class NoSandbox(CannotStart):
    """The sandbox in which untried code is run is not there or cannot be entered, so none is run."""


class NoLab(CannotStart):
    """There is no laboratory in this folder yet."""


class StoreError(AxiomError):
    """Nothing was stored, and nobody was told otherwise."""

    exit_code = 5


class StorageFull(StoreError):
    """The disk is full."""


class StoreBusy(StoreError):
    """The writer has more to do than it can answer in time."""


class StoreDamaged(StoreError):
    """What is on the disk is not what was written."""


class TicketError(AxiomError):
    """The runner refuses the order; nothing is run."""

    exit_code = 13


class EmptyTicket(TicketError):
    """The order arrived without content."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} is empty, so the seed is unknown. A default seed would repeat a computation, not replicate it; "
            "the task fails here and the laboratory sends a fresh copy."
        )


class MalformedTicket(TicketError):
    """The order is not a ticket: truncated, altered or of another format."""


class ForeignTicket(TicketError):
    """The order is signed by nobody whom this runner trusts, or is for another host."""


class ExpiredTicket(TicketError):
    """The order is too old to be obeyed."""


class UnequalTicket(TicketError):
    """The order says one thing and the plain words beside it another."""


class BundleError(AxiomError):
    """The runner refuses the code; nothing is imported."""

    exit_code = 14


class BundleMissing(BundleError):
    """The bundle that the ticket names is not on this host."""


class BundleAltered(BundleError):
    """The bundle's bytes are not those that were signed."""


class BundleForeign(BundleError):
    """The bundle is signed by nobody whom this runner trusts."""


class BundleExpired(BundleError):
    """The bundle's signature has run out."""


class BundleRolledBack(BundleError):
    """The bundle is older than one that this host has already seen."""


class TaskError(AxiomError):
    """The runner gives the task up; `exit_code` is the task's."""


class ChildLost(TaskError):
    """The computing process ended by itself."""

    exit_code = 11


class ChildKilled(ChildLost):
    """The host ended the computing process, perhaps for want of memory."""


class TooManyStarts(TaskError):
    """The task began again and again without getting further."""

    exit_code = 12


class NoRoom(TaskError):
    """The output could not be written."""

    exit_code = 15


class GpuUnusable(TaskError):
    """The program cannot use the GPU that the task was given. Its words reach the server, which repeats the reason."""

    exit_code = 16
    _BEFORE, _AFTER = "The GPU of this computer cannot be used: ", ". Nothing was computed."

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self._BEFORE}{reason}{self._AFTER}")

    @classmethod
    def reason_in(cls, words: str) -> str:
        """The reason, out of what a host reported; nothing where it reported something else."""
        return words.partition(cls._BEFORE)[2].partition(cls._AFTER)[0]


class MemoryLimit(TaskError):
    """The computing process took more memory than its ticket allows."""

    exit_code = 198


class OutputError(AxiomError):
    """What a host returned is not an output."""


class NotStamped(AxiomError):
    """No authority has dated a registration, or its word does not hold."""


class MalformedRequest(AxiomError):
    """What a client sent is not a request of BOINC's."""


class ModelError(AxiomError):
    """A language model gave no answer that can be used."""


class ModelBusy(ModelError):
    """The service of a model took nothing on. It may say after how many seconds to ask again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class ModelLost(ModelError):
    """Nobody knows whether the model answered, and whether that is paid for."""


class RequestRejected(ModelError):
    """The service of a model will not take this request, however often it is sent."""


class AnswerUnreadable(ModelError):
    """The model answered, and that is not an answer."""


class Fault(AxiomError):
    """A fault of ours, in the process that does the commands."""

    exit_code = 70


class ExperimentError(AxiomError):
    """The experiment's own file or code is at fault."""


class FileUnusable(ExperimentError):
    """What was raised while the file was imported or its declaration was read, and at which line of the bundle."""

    def __init__(self, words: str, *, kind: str, where: str) -> None:
        super().__init__(words)
        self.kind = kind
        self.where = where
