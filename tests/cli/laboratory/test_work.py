"""More cores for a laboratory: how long they may be its own."""

import click
import pytest

from axiom.cli.laboratory.work import work


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("55m", 3_300), ("12h", 43_200), ("2d", 172_800), ("1h30m", 5_400), (" 1d 2h 3m 4s ", 93_784)],
)
def test_a_time_is_read_in_one_unit_or_in_several(text, seconds):
    params = work.make_context("work", ["--for", text, "--job-ends-in", text]).params
    assert (params["seconds"], params["job_seconds"]) == (seconds, seconds)


@pytest.mark.parametrize("text", ["", " ", "90", "h", "1.5h", "-1h", "1h30", "30m1h", "1h1h", "٣h", "9999999h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(click.BadParameter):
        work.make_context("work", ["--for", text])
