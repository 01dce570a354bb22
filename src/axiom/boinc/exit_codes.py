"""Every exit status and state that a BOINC client reports, as a cause in plain words.

One number means several things: 11 is a signal's or a program's own, 203 a volunteer's or a program's own. The client's
message and the state tell them apart; where they are silent, the number decides.
"""

import re

from axiom.boinc.requests import ClientState, TaskReport
from axiom.domain.failure_causes import Cause, Ending, make_ending, read_runner_exit
from axiom.domain.work import Exit

DetailedCause = tuple[Cause, str]  # and a detail of our own

_BY_BOINC = {
    194: Cause.KILLED_AFTER_FINISH,
    196: Cause.DISK_LIMIT,
    197: Cause.TIME_LIMIT,
    198: Cause.MEMORY_LIMIT,
    199: Cause.STOPPED_WITH_BOINC,
    200: Cause.NOT_STARTED_IN_TIME,
    201: Cause.GPU_MISSING,
    202: Cause.ABORTED_BY_LABORATORY,
    203: Cause.ABORTED_BY_VOLUNTEER,
    -177: Cause.RESOURCE_LIMIT,
    -185: Cause.NOT_STARTED,
    -187: Cause.UPLOAD_FAILED,
    -197: Cause.ABORTED_BY_VOLUNTEER,  # of clients before 7.0
    -226: Cause.NO_FINISH_FILE,
}
# What BOINC's library and wrappers end a program with.
_BY_LIBRARY = {
    192: (Cause.STATE_NOT_WRITTEN, ""),
    193: (Cause.SIGNAL, "caught by BOINC's library, which does not say which signal"),
    195: (Cause.PART_FAILED, ""),
    204: (Cause.UNKNOWN, "the program itself says so"),
    205: (Cause.OUT_OF_MEMORY, ""),
    206: (Cause.START_FAILED, ""),
    207: (Cause.PART_FAILED, "it had nothing to start"),
    208: (Cause.PART_FAILED, ""),
    209: (Cause.WAITED_TOO_LONG, ""),
}
_DOWNLOADS = {
    -119: Cause.DOWNLOAD_ALTERED,
    -120: Cause.DOWNLOAD_UNSIGNED,
    -200: Cause.DOWNLOAD_WRONG_SIZE,
    -224: Cause.DOWNLOAD_MISSING,
}
_TOO_BIG = -131
_DOWNLOAD_ERROR = -186
_SIGNALS = {  # only those with one number on every system that BOINC runs on
    1: "SIGHUP, a closed terminal",
    2: "SIGINT, stopped from a terminal",
    3: "SIGQUIT, stopped from a terminal",
    4: "SIGILL, an instruction that this processor does not have",
    5: "SIGTRAP",
    6: "SIGABRT, it gave itself up",
    8: "SIGFPE, arithmetic that the processor refused",
    9: "SIGKILL, often for want of memory",
    11: "SIGSEGV, it touched memory that is not its own",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM, it was asked to stop",
}
_WINDOWS = {
    0x40010004: "it was ended with the session",
    0xC0000005: "it touched memory that is not its own",
    0xC0000017: "there was no memory left",
    0xC000001D: "an instruction that this processor does not have",
    0xC0000094: "a division by zero",
    0xC00000FD: "its stack was full",
    0xC000013A: "stopped from a terminal",
    0xC0000135: "a library that it needs is missing",
    0xC0000142: "a library that it needs did not start",
    0xC0000374: "its memory was damaged",
    0xC0000409: "its memory was damaged",
}
_EXEC_FAILURES = {2: Cause.INTERPRETER_MISSING, 8: Cause.NOT_STARTED, 13: Cause.NOT_STARTED}
_EXEC_DETAILS = {8: "it is not made for this kind of computer", 13: "the system does not let it be executed"}

_SUCCESS = make_ending(Cause.SUCCESS, 0)  # of nearly every task
_SIGNAL = re.compile(r"process got signal ([0-9]{1,3})\b")
_OWN_EXIT = re.compile(r"process exited with code [0-9]{1,3}\b")
_ERROR_CODE = re.compile(r"<error_code>\s*(-[0-9]{1,4})\b")
_EXEC = re.compile(r"Process creation .{0,1000}? failed", re.DOTALL)


def read_reported_ending(report: TaskReport) -> Ending:
    """Say how a reported task ended. Success is the client's claim; its output has still to be there and be right."""
    status = _signed(report.exit_status)
    read = _read_cause(report, status)
    if read is None:
        return read_runner_exit(status)
    cause, detail = read
    return _SUCCESS if cause is Cause.SUCCESS else make_ending(cause, status, detail)


def _read_cause(report: TaskReport, status: int) -> DetailedCause | None:
    """Nothing where the number is the runner's own."""
    if status == 0:
        return _claims_zero(report)
    if status == _DOWNLOAD_ERROR or report.state in {ClientState.DOWNLOADING, ClientState.DOWNLOADED}:
        early = _before_start(report, status)
        if early is not None:
            return early, ""
    if 0 < status <= 255:
        return _of_small_status(report, status)
    if status in _BY_BOINC:
        return _BY_BOINC[status], ""
    number = status & 0xFFFF_FFFF
    if number in _WINDOWS or number >> 28 in {0xC, 0xE}:  # the system's errors, and the language's
        return Cause.WINDOWS_FAULT, f"0x{number:08X}" + (f", {_WINDOWS[number]}" if number in _WINDOWS else "")
    if -1_000 < status < 0:
        return Cause.BOINC_ERROR, f"number {status} of its list"
    return None


def _signed(status: int) -> int:
    """Windows has 32-bit exit codes, and some clients write them without a sign."""
    return status - 0x1_0000_0000 if 0x8000_0000 <= status <= 0xFFFF_FFFF else status


def _claims_zero(report: TaskReport) -> DetailedCause:
    match report.state:
        case ClientState.UPLOADED if any(file.error for file in report.files):
            return Cause.UPLOAD_REFUSED, ""
        case ClientState.UPLOADED:
            return Cause.SUCCESS, ""
        case ClientState.COMPUTE_ERROR:
            return (Cause.OUTPUT_TOO_BIG if _TOO_BIG in _error_codes(report) else Cause.NO_OUTPUT), ""
        case ClientState.UPLOAD_FAILED:
            return Cause.UPLOAD_FAILED, ""
        case ClientState.ABORTED:
            return Cause.ABORTED, ""
        case _:
            return Cause.UNKNOWN, f"it claims success in state {report.state.value}, which is no end"


def _before_start(report: TaskReport, status: int) -> Cause | None:
    codes = _error_codes(report)
    for code, cause in _DOWNLOADS.items():
        if code in codes:
            return cause
    return Cause.DOWNLOAD_FAILED if status == _DOWNLOAD_ERROR else None


def _error_codes(report: TaskReport) -> frozenset[int]:
    words = " ".join((report.message, *(file.error for file in report.files)))
    return frozenset(int(code) for code in _ERROR_CODE.findall(words))


def _of_small_status(report: TaskReport, status: int) -> DetailedCause | None:
    signal = _SIGNAL.search(report.message)
    if signal is not None:
        return Cause.SIGNAL, _name_signal(int(signal[1]))
    if status in _EXEC_FAILURES and _EXEC.search(f"{report.message}\n{report.stderr}"):
        return _EXEC_FAILURES[status], _EXEC_DETAILS.get(status, "")
    if status in _BY_LIBRARY:
        return _BY_LIBRARY[status]
    if status not in _BY_BOINC:
        return None
    own = report.state is not ClientState.ABORTED and _OWN_EXIT.search(report.message) is not None
    if not own:
        return _BY_BOINC[status], ""
    is_limit = status in {Exit.TIME_LIMIT, Exit.MEMORY_LIMIT}  # our runner keeps these two limits itself
    return None if is_limit else (Cause.EXIT_CODE, str(status))


def _name_signal(signal: int) -> str:
    number = signal & 0x7F  # a memory dump adds 128
    return f"signal {number}" + (f" ({_SIGNALS[number]})" if number in _SIGNALS else "")
