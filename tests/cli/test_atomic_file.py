"""Files appear when they are whole; what is no file is written to, and stays what it is."""

import os
import threading
from pathlib import Path

import pytest

from axiom.cli.atomic_file import appearing
from axiom.errors import FolderUnusable


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    with appearing(pipe) as name:
        name.write_text("all of it")
    reader.join(20)
    assert read == ["all of it"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_device_is_written_to_and_stays(tmp_path):
    outer, inner = os.openpty()
    os.set_blocking(outer, False)
    link = tmp_path / "terminal"
    link.symlink_to(os.ttyname(inner))
    with appearing(link) as name:
        name.write_text("all")
    assert os.read(outer, 3) == b"all"
    os.close(inner)
    os.close(outer)
    assert link.is_symlink()


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with appearing(tmp_path / "link") as name:
        name.write_text("all")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "all"


def test_a_name_without_letters_is_no_file():
    with pytest.raises(FolderUnusable, match="cannot be written"), appearing(Path()) as name:
        name.write_text("all")
