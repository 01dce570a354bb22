"""Every way in which a task can end on a volunteer's host, by what the client reports of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc.exit_codes import read_reported_ending
from axiom.boinc.requests import ClientState, OutputFile, TaskReport, read_request
from axiom.domain.failure_causes import Blame, Cause, read_runner_exit
from axiom.domain.work import Exit

RECORDED = Path(__file__).parent / "recorded"
ERROR = "<file_xfer_error>\n  <file_name>f</file_name>\n  <error_code>{} ({})</error_code>\n</file_xfer_error>"
DOWNLOAD = "WU download error: couldn't get input files:\n" + ERROR
UPLOAD = "upload failure: " + ERROR
EXCUSE = "process got signal 9\naborted by user"


def report(exit_status: int, state: int, message: str = "", stderr: str = "", error: str = "") -> TaskReport:
    files = (OutputFile(name="f", error=error),)
    return TaskReport(
        name="t", exit_status=exit_status, state=ClientState(state), message=message, stderr=stderr, files=files
    )


CASES = [
    # what BOINC's client reports, row by row of the reference
    (report(0, 5), Cause.SUCCESS, Blame.NOBODY),
    (report(0, 3), Cause.NO_OUTPUT, Blame.UNCLEAR),
    (report(0, 3, UPLOAD.format(-240, "stat() failed")), Cause.NO_OUTPUT, Blame.UNCLEAR),
    (report(0, 3, UPLOAD.format(-131, "file size too big")), Cause.OUTPUT_TOO_BIG, Blame.EXPERIMENT),
    (report(0, 3, error=ERROR.format(-131, "too big")), Cause.OUTPUT_TOO_BIG, Blame.EXPERIMENT),
    (report(0, 5, error="upload refused"), Cause.UPLOAD_REFUSED, Blame.LABORATORY),
    (report(0, 7), Cause.UPLOAD_FAILED, Blame.HOST),
    (report(0, 6), Cause.ABORTED, Blame.VOLUNTEER),
    (report(0, 4), Cause.UNKNOWN, Blame.HOST),
    (report(7, 3, "process exited with code 7 (0x7, -249)"), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(2, 3, "process exited with code 2 (0x2, -254)"), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(2, 3, "process exited with code 2", "Process creation (r) failed"), Cause.INTERPRETER_MISSING, Blame.HOST),
    (report(8, 3, stderr="Process creation (r) failed"), Cause.NOT_STARTED, Blame.HOST),
    (report(13, 3, stderr="Process creation (r) failed"), Cause.NOT_STARTED, Blame.HOST),
    (report(11, 3, "process got signal 11"), Cause.SIGNAL, Blame.UNCLEAR),
    (report(11, 3, "process exited with code 11 (0xb, -245)"), Cause.CHILD_LOST, Blame.UNCLEAR),
    (report(-226, 3), Cause.NO_FINISH_FILE, Blame.UNCLEAR),
    (report(-186, 1, DOWNLOAD.format(-224, "permanent HTTP error")), Cause.DOWNLOAD_MISSING, Blame.LABORATORY),
    (report(-186, 2, DOWNLOAD.format(-119, "MD5 check failed")), Cause.DOWNLOAD_ALTERED, Blame.HOST),
    (report(-186, 2, DOWNLOAD.format(-120, "RSA key")), Cause.DOWNLOAD_UNSIGNED, Blame.LABORATORY),
    (report(-186, 1, DOWNLOAD.format(-200, "wrong size")), Cause.DOWNLOAD_WRONG_SIZE, Blame.HOST),
    (report(1, 1, DOWNLOAD.format(-224, "HTTP error")), Cause.DOWNLOAD_MISSING, Blame.LABORATORY),
    (report(1, 3, UPLOAD.format(-224, "HTTP error")), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(-186, 1), Cause.DOWNLOAD_FAILED, Blame.HOST),
    (report(-186, 3), Cause.DOWNLOAD_FAILED, Blame.HOST),
    (report(-185, 3), Cause.NOT_STARTED, Blame.HOST),
    (report(-187, 7), Cause.UPLOAD_FAILED, Blame.HOST),
    (report(-177, 3), Cause.RESOURCE_LIMIT, Blame.UNCLEAR),
    (report(-197, 6), Cause.ABORTED_BY_VOLUNTEER, Blame.VOLUNTEER),
    (report(192, 3), Cause.STATE_NOT_WRITTEN, Blame.HOST),
    (report(193, 3), Cause.SIGNAL, Blame.UNCLEAR),
    (report(194, 3), Cause.KILLED_AFTER_FINISH, Blame.LABORATORY),
    (report(195, 3), Cause.PART_FAILED, Blame.UNCLEAR),
    (report(196, 3, "Disk usage limit exceeded"), Cause.DISK_LIMIT, Blame.UNCLEAR),
    (report(197, 3, "exceeded elapsed time limit 130.00"), Cause.TIME_LIMIT, Blame.UNCLEAR),
    (report(198, 3, "working set size > client RAM limit"), Cause.MEMORY_LIMIT, Blame.UNCLEAR),
    (report(199, 6), Cause.STOPPED_WITH_BOINC, Blame.VOLUNTEER),
    (report(200, 6), Cause.NOT_STARTED_IN_TIME, Blame.HOST),
    (report(201, 3), Cause.GPU_MISSING, Blame.HOST),
    (report(202, 6, "aborted by project - no longer usable"), Cause.ABORTED_BY_LABORATORY, Blame.NOBODY),
    (report(203, 6, "aborted by user"), Cause.ABORTED_BY_VOLUNTEER, Blame.VOLUNTEER),
    (report(204, 3), Cause.UNKNOWN, Blame.HOST),
    (report(205, 3), Cause.OUT_OF_MEMORY, Blame.UNCLEAR),
    (report(206, 3), Cause.START_FAILED, Blame.HOST),
    (report(207, 3), Cause.PART_FAILED, Blame.UNCLEAR),
    (report(208, 3), Cause.PART_FAILED, Blame.UNCLEAR),
    (report(209, 3), Cause.WAITED_TOO_LONG, Blame.UNCLEAR),
    (report(-148, 3), Cause.BOINC_ERROR, Blame.HOST),
    # Windows
    (report(-1073741819, 3), Cause.WINDOWS_FAULT, Blame.UNCLEAR),
    (report(0xC0000005, 3), Cause.WINDOWS_FAULT, Blame.UNCLEAR),
    (report(0x40010004, 3), Cause.WINDOWS_FAULT, Blame.UNCLEAR),
    (report(4096, 3), Cause.EXIT_CODE, Blame.UNCLEAR),
    # a program may end with BOINC's numbers by itself, and what it wrote cannot excuse it
    (report(203, 3, "process exited with code 203 (0xcb, -53)"), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(202, 3, "process exited with code 202 (0xca, -54)"), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(196, 3, "process exited with code 196 (0xc4, -60)"), Cause.EXIT_CODE, Blame.UNCLEAR),
    (report(197, 3, "process exited with code 197 (0xc5, -59)"), Cause.TIME_LIMIT, Blame.UNCLEAR),
    (report(198, 3, "process exited with code 198 (0xc6, -58)"), Cause.MEMORY_LIMIT, Blame.UNCLEAR),
    (report(7, 3, "process exited with code 7", EXCUSE), Cause.EXIT_CODE, Blame.UNCLEAR),
]


@pytest.mark.parametrize(("reported", "cause", "blame"), CASES)
def test_a_report_has_a_cause_and_somebody_whose_doing_it_is(reported, cause, blame):
    ending = read_reported_ending(reported)
    assert (ending.cause, ending.blame) == (cause, blame)


SAID = [  # what a reason names beside the words of its cause
    (report(139, 3, "process got signal 11"), "signal 11 (SIGSEGV"),
    (report(139, 3, "process got signal 139"), "signal 11 (SIGSEGV"),
    (report(64, 3, "process got signal 64"), "signal 64"),
    (report(255, 3, "process got signal 127"), "signal 127"),
    (report(7, 3, "process exited with code 7"), "7"),
    (report(-148, 3), "-148"),
    (report(0, 4), "state 4"),
    (report(-1073741795, 3), "0xC000001D"),
    (report(-529697949, 3), "0xE06D7363"),
]


@pytest.mark.parametrize(("reported", "fact"), SAID)
def test_a_reason_names_the_signal_status_or_fault(reported, fact):
    assert fact in read_reported_ending(reported).reason


def test_every_cause_that_boinc_can_report_has_its_case():
    by_runner = {read_reported_ending(report(status, 3)).cause for status in Exit}
    by_laboratory = {Cause.NOT_AS_ORDERED, Cause.SILENT, Cause.TAKEN_BACK}  # what no host would say of itself
    assert set(Cause) - by_laboratory == {cause for _, cause, _ in CASES} | by_runner


@pytest.mark.parametrize("status", [status for status in Exit if status != Exit.DONE])
def test_the_runner_s_own_exits_have_the_words_that_they_have_on_our_own_hosts(status):
    message = f"process exited with code {status.value}" if status < 190 else ""
    assert read_reported_ending(report(status.value, 3, message)).reason == read_runner_exit(status.value).reason


@pytest.mark.parametrize(
    ("recording", "causes"),
    [
        ("reports_one_success", [Cause.SUCCESS]),
        ("reports_exit_7", [Cause.EXIT_CODE]),
        ("reports_signal_11", [Cause.SIGNAL]),
        ("reports_time_limit_197", [Cause.TIME_LIMIT]),
        ("reports_disk_196_and_memory_198", [Cause.MEMORY_LIMIT, Cause.DISK_LIMIT]),
        ("reports_download_failure_186", [Cause.DOWNLOAD_MISSING]),
        ("reports_server_abort_202", [Cause.ABORTED_BY_LABORATORY] * 2),
        ("reports_user_abort_203", [Cause.ABORTED_BY_VOLUNTEER]),
    ],
)
def test_what_the_stock_client_reported_is_understood(recording, causes):
    request = read_request((RECORDED / f"{recording}.xml").read_bytes())
    assert [read_reported_ending(result).cause for result in request.results] == causes


@given(
    status=st.one_of(st.integers(), st.integers(-300, 300)),
    state=st.sampled_from(ClientState),
    message=st.text(),
    stderr=st.text(),
    error=st.text(),
)
def test_any_report_ends_somehow_and_in_our_words(status, state, message, stderr, error):
    ending = read_reported_ending(report(status, state, message, stderr, error))
    assert ending.reason.startswith(ending.cause.words) or ending.cause is Cause.EXIT_CODE
    assert ending.succeeded == (status == 0 and state is ClientState.UPLOADED and not error)
    assert len(ending.reason) < 200 or abs(status) > 10**50
