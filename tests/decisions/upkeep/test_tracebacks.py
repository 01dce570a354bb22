"""What is read out of a host's words: a name that we know, a file that the bundle has, a line; or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.upkeep.tracebacks import ANOTHER, raised
from axiom.domain.failures import Raised

SPECTRAL = "axiom/catalogue/spectral_dynamics.py"
FILES = frozenset({SPECTRAL, "axiom/kit/training.py"})
PRINTED = f"""Traceback (most recent call last):
  File "/var/lib/boinc/slots/3/axiom/runner/child/child.py", line 216, in _compute
    values = self._experiment.run(self._config(**config), seed)
  File "/var/lib/boinc/projects/x/unpacked/ab12/{SPECTRAL}", line 380, in run
    summary["mean"] = top["top_sv_growth"]
KeyError: 'top_sv_growth'
"""


def line_380(kind: str) -> Raised:
    return Raised(kind=kind, file=SPECTRAL, line=380)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"3 of 9 cells raised, first replicate 4 at config 2: KeyError at {SPECTRAL}:380. The", line_380("KeyError")),
        (f"replicate 4, config 2 raised LinAlgError at {SPECTRAL}:380", line_380("LinAlgError")),
        (PRINTED, line_380("KeyError")),
        (PRINTED.replace("KeyError", "numpy.linalg.LinAlgError"), line_380("LinAlgError")),
        (PRINTED.replace("KeyError: 'top_sv_growth'", "BuyThis: at example.org"), line_380(ANOTHER)),
        (PRINTED[: PRINTED.index("KeyError")], line_380(ANOTHER)),  # cut off
        ("", None),
        ("KeyError at axiom/catalogue/another_one.py:380", None),
        (f"KeyError at {SPECTRAL}:0", None),
        (f"KeyError at {SPECTRAL}:99999", None),
    ],
)
def test_what_is_read(text, found):
    assert raised(text, FILES) == found


def test_a_false_name_before_a_true_one_hides_nothing():
    text = f"OSError at axiom/kit/not_there.py:7 and ValueError at {SPECTRAL}:380"
    assert raised(text, FILES) == line_380("ValueError")


TOKENS = ["KeyError", " at ", SPECTRAL, ":", "380", 'File "', '", line ', "\n", "<script>", "é", "\x1b[31m", "x"]


@settings(max_examples=50)
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
def test_nothing_that_a_host_wrote_gets_through(text):
    found = raised(text, FILES)
    if found is not None:
        assert found.file in FILES
        assert found.kind in {"KeyError", ANOTHER}
        assert 0 < found.line <= 10_000


def test_a_long_text_of_half_frames_is_read_in_no_time():
    raised('File "' * 200_000, FILES)
    raised("a" * 10_000_000, FILES)
