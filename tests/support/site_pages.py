"""Sites with something on every page, and the addresses under which a browser looks at each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from browser import serving
from furnished_lab import weigh_three_blocks
from starlette.routing import compile_path
from started_writer import started_writer
from tiny_experiment import prepare_text, tiny_source

import axiom
from axiom.domain.planning import Preview
from axiom.laboratory.figures.redraw_figures import FigureUpdater
from axiom.laboratory.planning.fleet_file import read_fleet
from axiom.laboratory.planning.preview import preview_plan
from axiom.laboratory.policy import policy_from_settings
from axiom.service.sockets import listen_on_port
from axiom.settings import Settings
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.connections import Connections
from axiom.store.registrations import registrations
from axiom.web.site.app import Site, make_site
from axiom.web.site.routes import PAGES

_ELSEWHERE = {"/live", "/join"}  # a part of the first page, and a page of those who have no account
_OTHERS = """
/findings/2 /findings/3 /findings?q=nothing /findings/near?claim=a+larger+size+has+a+larger+total /findings/paper?of=1,3
/questions/tiny_sum /questions/tiny_sum/picture /experiments/tiny_sum@1 /experiments/tiny_sum/former?source=Moon+%26+co
/sessions/2026-03-02-a /sessions/2026-03-02-a/tasks /sessions/2026-03-02-a/transcript
/sessions/2026-03-02-b/since/2026-03-02-a /results?experiment=tiny_sum@1 /hosts/2?state=failed /hosts/3
/volunteers/2 /volunteers/3 /volunteers/2/certificate /leaderboards?of=teams&by=recent /leaderboards?of=hosts
/leaderboards?experiment=tiny_sum /ledger/2026-03-02-a /workunits/5 /tasks/4 /tasks/7 /tasks/9 /nowhere
/docs/README.md /docs/explanation/how-sure-are-we.md /docs/howto/plan.md /docs/reference/experiment.md
/language/de?back=/volunteers/2 /language/fr?back=/volunteers/2/certificate /language/de?back=/help
"""
_PLAIN = (page.path.replace("{number:number}", "1") for page in PAGES if page.path not in _ELSEWHERE)
ADDRESSES = (*(path for path in _PLAIN if "{" not in path), *_OTHERS.split())
MAP = "/maps/small_map"
ON_THE_MAP = (
    *("/", "/volunteers/2", "/experiments/small_map", MAP, f"{MAP}?level=2&column=1&row=2&replicate=mean"),
    *(f"{MAP}?against=1&x=0.5&y=2", f"{MAP}?level=x"),
)
EMPTY = (
    "/",
    "/findings",
    "/questions",
    "/experiments",
    "/maps",
    "/sessions",
    "/results",
    "/hosts",
    "/teams",
    "/leaderboards",
)
_FLEET = Path(axiom.__file__).parents[2] / "docs" / "howto" / "fleet-of-83.json"
_CURVE = {
    "    total: float\n": "    total: float\n    total_by_step: tuple[float, ...]\n",
    "import Experiment, ": "import Experiment, Figure, ",
    "shift=[0]": "shift=[0, 1]",
    "    needs=": '    figure=Figure(x="size", y="total", title="The total"),\n    needs=',
}


def unread() -> set[str]:
    addresses = [address.partition("?")[0] for address in (*ADDRESSES, MAP)]
    return {page.path for page in PAGES if not any(map(compile_path(page.path)[0].match, addresses))} - _ELSEWHERE


@contextmanager
def served(lab: Any) -> Iterator[str]:
    """The address of the site of this laboratory, which has the old fleet to plan for."""

    def planned() -> Preview:
        with Connections(folder=lab.folder).reader() as db:
            return preview_plan(
                db, policy_from_settings(Settings()), lab.now, read_fleet(_FLEET.read_bytes(), _FLEET.name)
            )

    live = {"state": "running", "started_at": lab.now.isoformat(), "parts": {"writer": True, "engine": True}}
    pages = Site(folder=lab.folder, name="Small & Sons", now=lambda: lab.now, live=lambda: live, preview=planned)
    with listen_on_port("127.0.0.1", 0) as listening, serving(make_site(pages), listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def suspended_card(lab: Any, prepared: Any) -> None:
    """A laboratory whose one finding was weighed and drawn, and is suspended."""
    weigh_three_blocks(lab, prepared)
    with lab.db.transaction():
        registrations.set_finding_status(lab.db, 1, "suspended", "two seeds gave the same values")
    assert _drawn(lab) == 5


def explored_sum(lab: Any, folder: Path) -> None:
    """A laboratory with one experiment, whose sweep and curve have a series for each shift."""
    source = tiny_source(name="explored_sum", has_shift=True)
    for old, new in _CURVE.items():
        assert old in source
        source = source.replace(old, new)
    lab.publish(prepare_text("explored_sum", source, folder))
    lab.host()
    lab.deploy(workunits=3)
    for _ in range(3):
        order = lab.order(1)
        cells = [
            replace(cell, measures={**cell.measures, "total_by_step": [0.5 * step + cell.config for step in range(9)]})
            for cell in lab.cells(order)
        ]
        output = header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))
        lab.report(order, output)
        lab.validate()
    assert _drawn(lab) == 2


def _drawn(lab: Any) -> int:
    """How many pictures were drawn; from here on nobody changes the laboratory."""
    with started_writer(lab) as writer:
        return FigureUpdater(writer, lab.folder).draw(lab.now)
