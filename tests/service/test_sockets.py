"""The socket in the data folder is its operator's alone, from the moment at which it can be spoken to."""

import os
import threading

import pytest

from axiom.errors import CannotStart
from axiom.service.sockets import listen_on_path


def test_the_socket_is_closed_to_others_and_the_umask_of_the_process_stays(tmp_path):
    seen: set[int] = set()
    stopping = threading.Event()

    def watch() -> None:
        file = tmp_path / "file"
        while not stopping.is_set():
            file.unlink(missing_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o666))
            seen.add(file.stat().st_mode & 0o777)

    thread = threading.Thread(target=watch)
    before = os.umask(0o022)
    try:
        thread.start()
        for _ in range(50):
            with listen_on_path(tmp_path / "axiom.sock"):
                assert (tmp_path / "axiom.sock").stat().st_mode & 0o777 == 0o600
    finally:
        stopping.set()
        thread.join()
        os.umask(before)
    assert seen == {0o644}


def test_a_socket_left_behind_is_replaced_and_a_missing_folder_has_none(tmp_path):
    listen_on_path(tmp_path / "axiom.sock").close()
    with listen_on_path(tmp_path / "axiom.sock"):
        pass
    with pytest.raises(CannotStart):
        listen_on_path(tmp_path / "none" / "axiom.sock")
