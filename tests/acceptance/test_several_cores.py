"""A task for several cores on the stock client, whose person may lend it fewer in `app_config.xml`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from boinc_client import Client, register
from real_parts import need
from volunteer_lab import Project, attached, volunteers

pytestmark = need("boinc")
_FEWER = """<app_config><app_version><app_name>axiom</app_name><plan_class>mt2</plan_class><avg_ncpus>1</avg_ncpus>
<cmdline>--nthreads 1</cmdline></app_version></app_config>"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    wide = {"cells": 4, "tenths": 20, "cores": 2}
    with volunteers(tmp_path_factory.mktemp("cores"), wide=wide) as lab:
        yield lab


def lent(seen: Client) -> set[str]:
    """How many cores the tasks in its folders have, as their programs are told."""
    texts = [file.read_text() for file in seen.folder.glob("slots/*/init_data.xml")]
    return {text.partition("<ncpus>")[2].partition("</ncpus>")[0] for text in texts}


def shares(seen: Client) -> set[Path]:
    return set(seen.folder.glob("slots/*/task/share-*/starts"))


def test_its_client_gives_it_two_cores_or_as_many_as_its_person_says(lab, tmp_path):
    with attached(lab, tmp_path / "ann", register(lab.address).key, cores=2) as ann:
        first = lab.order("wide", ann.host())
        ann.wait(lambda seen: len(shares(seen)) == 2, nudge=6)
        assert lent(ann) == {"2.000000"}
        assert len(lab.wait_for(first, "valid", ann)["results"]) == 4
        assert "<plan_class>mt2</plan_class>" in (ann.folder / "client_state.xml").read_text()

        (folder,) = (ann.folder / "projects").iterdir()
        (folder / "app_config.xml").write_text(_FEWER)
        ann.say("--read_cc_config")
        second = lab.order("wide", ann.host())
        ann.wait(lambda seen: lent(seen) == {"1.000000"}, nudge=6)
        assert len(lab.wait_for(second, "valid", ann)["results"]) == 4
    lab.promises()
