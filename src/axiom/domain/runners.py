"""The programs that volunteers' clients compute with, as they are offered."""

from dataclasses import dataclass

TICKETS = 2  # the orders that today's code obeys: with any seeds that are signed, where 1 took those of names alone
CODE_FILE = "axiom.pyz"  # as what a runner's launcher opens the runner's own code
_EMULATORS = ("Wine", "qemu")  # with these words begins what runs the programs of another system
# What of a GPU's kind may stand in a plan class: "ati", "cuda" and "opencl" would make the client ask for more.
_KINDS = {"nv": "NVIDIA", "amd": "ATI", "intel": "intel_gpu", "apple": "apple_gpu"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerFile:
    """One file of a runner, signed for BOINC's own check."""

    name: str
    open_name: str  # what the program knows it by; empty for one that is not laid into the folders of tasks
    md5: str
    size: int
    signature: str
    is_main: bool

    @property
    def is_copied(self) -> bool:
        """Does every task get a copy? The others are found where they were downloaded to."""
        return bool(self.open_name) and self.open_name != CODE_FILE


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedRunner:
    """The program for one platform, for its processors or for one kind of its GPUs."""

    platform: str
    version: int
    files: tuple[RunnerFile, ...]
    plan_classes: tuple[str, ...] = ("",)
    is_stand_in: bool = False  # borrows the laboratory's own Python: of use on its own computers alone
    needs_avx: bool = False
    glibc: tuple[int, int] | None = None  # the oldest on which it runs
    unpacked_bytes: int = 0
    tickets: int = TICKETS  # the orders that its code obeys
    proven_by: str = ""  # the system on which it has computed, or what ran it there: Linux, Wine 10.0

    @property
    def size(self) -> int:
        """What a host downloads before its first task, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def emulator(self) -> str:
        """What ran it, where it has never computed on a computer of its own platform."""
        return self.proven_by if self.proven_by.startswith(_EMULATORS) else ""

    @property
    def gpus(self) -> tuple[str, ...]:
        """The kinds of GPU on which it computes; the empty one is the processor."""
        return tuple(gpu_of(name) for name in self.plan_classes)

    @property
    def cuda(self) -> int:
        """The generation of CUDA that it brings, where it says so; a driver has to know that one."""
        return max(map(cuda_of, self.plan_classes), default=0)

    def plan_class(self, gpu: str) -> str:
        return next(name for name in self.plan_classes if gpu_of(name) == gpu)


def cuda_of(plan_class: str) -> int:
    """The generation of CUDA that a plan class means, by its second word: 13 of `nv_13`, and 0 of `nv`."""
    word = plan_class.partition("_")[2]
    return int(word) if word.isdecimal() else 0


def gpu_of(plan_class: str) -> str:
    """The kind of GPU that a plan class means, by its first word; none for any other."""
    return _KINDS.get(plan_class.partition("_")[0], "")
