"""`axiom experiment run` for a person who waits: ended in the middle, it leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

import pytest
from patience import PATIENCE

from axiom.signed.bundles import contents


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_ended_in_the_middle_clears_its_folders_away(prepared, tmp_path, number):
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    file, temporary = tmp_path / "tiny_sum.py", tmp_path / "temporary"
    compiled = tmp_path / "cache" / "axiom" / "compiled"  # the one folder that outlives what computes and is open to it
    mark = compiled / "began"
    pause = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(60)"
    file.write_text(source.replace("return Measures(", f"{pause}\n    return Measures("))
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "axiom", "experiment", "run", str(file), "--seed", "1", "--quiet"],
        env=os.environ | {"TMPDIR": str(temporary), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + PATIENCE
        while not mark.exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.05)
        assert list(temporary.iterdir())
        process.send_signal(number)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.communicate()
    assert list(temporary.iterdir()) == []
    assert list(compiled.iterdir()) == [mark]
