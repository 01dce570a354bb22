import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from axiom.runner.boinc import protocol
from axiom.runner.boinc.protocol import Channel, Channels, ClientSetup, read_setup

INIT_DATA = """<app_init_data>
<hostid>12</hostid>
<app_name>axiom</app_name>
<project_preferences>
<hostid>1</hostid><wu_cpu_time>9</wu_cpu_time>
</project_preferences>
<project_dir>/data/projects/lab.example_axiom</project_dir>
<authenticator>0123456789abcdef</authenticator>
<client_pid>4711</client_pid>
<host_info>
    <hostid>2</hostid>
</host_info>
<wu_cpu_time>3.25</wu_cpu_time>
</app_init_data>
"""


def test_what_the_client_gives_is_read_without_the_words_of_others_and_the_key(tmp_path):
    (tmp_path / "init_data.xml").write_text(INIT_DATA)
    project = Path("/data/projects/lab.example_axiom")
    assert read_setup(tmp_path) == ClientSetup(host=12, project=project, pid=4711, cpu_seconds=3.25)


@pytest.mark.parametrize(
    ("words", "pause", "shared"),
    [
        ("", 0.0, ""),
        ("<checkpoint_period>60.000000</checkpoint_period>", 60.0, ""),
        ("<checkpoint_period>soon</checkpoint_period><comm_obj_name>boinc_3</comm_obj_name>", 0.0, "boinc_3"),
        ("<comm_obj_name>Global\\boinc</comm_obj_name>", 0.0, ""),
    ],
)
def test_what_only_some_clients_give_has_a_default(words, pause, shared, tmp_path):
    (tmp_path / "init_data.xml").write_text(INIT_DATA.replace("</app_init_data>", words + "</app_init_data>"))
    setup = read_setup(tmp_path)
    assert (setup.pause, setup.shared) == (pause, shared)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("<hostid>12</hostid>", "", "hostid"),
        ("<hostid>12<", "<hostid>-1<", "hostid"),
        ("<hostid>12<", "<hostid>12 13<", "hostid"),
        ("<client_pid>4711<", "<client_pid><", "client_pid"),
        (">3.25<", ">soon<", "wu_cpu_time"),
        ("project_dir", "projectdir", "project_dir"),
    ],
)
def test_init_data_that_is_off_is_named(old, new, name, tmp_path):
    (tmp_path / "init_data.xml").write_text(INIT_DATA.replace(old, new))
    with pytest.raises(ValueError, match=name):
        read_setup(tmp_path)


@pytest.fixture
def shared(tmp_path):
    """Both ends of the shared file: the runner's, and the bytes that the client sees."""
    path = tmp_path / "boinc_mmap_file"
    path.write_bytes(bytes(8192))
    with path.open("r+b") as file:
        yield Channels(tmp_path), mmap.mmap(file.fileno(), 8192)


def test_a_message_is_taken_once_and_one_that_is_put_waits_for_the_client(shared):
    ours, seen = shared
    assert ours.take(Channel.CONTROL) == ""
    seen[1:11] = b"<suspend/>"
    assert ours.take(Channel.CONTROL) == ""  # its flag is not set yet
    seen[0] = 1
    assert ours.take(Channel.CONTROL) == "<suspend/>"
    assert (ours.take(Channel.CONTROL), seen[0]) == ("", 0)
    start = 5 * 1024
    assert ours.put(Channel.STATUS, "first, and longer")
    assert not ours.put(Channel.STATUS, "second")
    assert seen[start : start + 19] == b"\x01first, and longer\0"
    seen[start] = 0
    assert ours.put(Channel.STATUS, "second")
    assert seen[start : start + 8] == b"\x01second\0"


def test_a_message_never_reaches_into_the_next_channel(shared):
    ours, seen = shared
    assert ours.put(Channel.HEARTBEAT, "x" * 5000)
    assert seen[5 * 1024 - 1 : 5 * 1024 + 1] == b"\0\0"
    seen[: 2 * 1024] = b"y" * 2048
    assert ours.take(Channel.CONTROL) == "y" * 1023


def test_a_shared_file_that_is_too_small_is_refused(tmp_path):
    for size in (0, 1024):
        (tmp_path / "boinc_mmap_file").write_bytes(bytes(size))
        with pytest.raises(ValueError, match="mmap"):
            Channels(tmp_path)


def test_what_the_client_reads_is_written_in_its_form(tmp_path):
    assert protocol.status_text(cpu_seconds=12.5, kept_cpu_seconds=10, fraction=0.25) == (
        "<current_cpu_time>1.250000e+01</current_cpu_time>\n"
        "<checkpoint_cpu_time>1.000000e+01</checkpoint_cpu_time>\n"
        "<fraction_done>2.500000e-01</fraction_done>\n"
    )
    protocol.write_finish_file(tmp_path, 13, "two\nlines " + "x" * 500)
    status, line = (tmp_path / "boinc_finish_called").read_text().splitlines()
    assert (status, line) == ("13", ("two lines " + "x" * 500)[:250])
    protocol.write_finish_file(tmp_path, 0, "")
    assert (tmp_path / "boinc_finish_called").read_text() == "0\n"
    protocol.write_temporary_exit(tmp_path, 600, "later")
    assert (tmp_path / "boinc_temporary_exit").read_text() == "600\nlater\n"


@pytest.mark.parametrize(
    ("content", "leads"),
    [
        ("<soft_link>../../projects/P/file</soft_link>\n", True),
        ("<soft_link>../../projects/P/file</soft_link>", True),
        ("<soft_link>../../projects/../secret</soft_link>\n", False),
        ("<soft_link>/etc/passwd</soft_link>\n", False),
        ("<soft_link>../../projects/P/file</soft_link>\nmore", False),
        ("PK plain bytes", False),
        (None, False),
    ],
)
def test_a_link_is_followed_only_within_the_laboratory_s_folder(content, leads, tmp_path):
    slot, project = tmp_path / "slots" / "0", tmp_path / "projects" / "P"
    slot.mkdir(parents=True)
    project.mkdir(parents=True)
    if content is not None:
        (slot / "bundle.zip").write_text(content)
    file = protocol.resolve_link(slot, "bundle.zip", project).resolve()
    assert file == (project / "file" if leads else slot / "bundle.zip")


HOLDER = """
import fcntl, sys
file = open("boinc_lockfile", "a")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_is_computed_in_by_one_process_at_a_time(tmp_path, ending):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    ending(other.pid)
    assert other.stdout.readline() == "held\n"
    with protocol.lock_slot(tmp_path, seconds=0.3) as is_alone:
        assert not is_alone
    other.communicate("")
    with protocol.lock_slot(tmp_path, seconds=5) as is_alone:
        assert is_alone
        again = "import fcntl; fcntl.lockf(open('boinc_lockfile', 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        refused = subprocess.run([sys.executable, "-c", again], cwd=tmp_path, capture_output=True, check=False)
        assert b"BlockingIOError" in refused.stderr
