"""A weighed table as a row of a LaTeX table: name, estimate, interval, seeds, verdict and grade."""

import re

from axiom_weigh.values import Grade, Verdict

_SPECIAL = re.compile(r"[&%$#_{}]")


def write_latex_row(
    name: str,
    estimate: str,
    interval: tuple[float | None, float | None],
    runs: str,
    verdict: Verdict | None,
    grade: Grade,
    *,
    is_one_look: bool,
    about: str,
) -> str:
    """Return the row; a comment names the middle. The estimate is empty where there is none, as is the verdict."""
    low, high = interval
    ends = "-\\infty" if low is None else f"{low:.4g}", "\\infty" if high is None else f"{high:.4g}"
    cells = (
        _SPECIAL.sub(r"\\\g<0>", name),
        f"${estimate}$" if estimate else "--",
        f"$[{', '.join(ends)}]${' (one look)' if is_one_look else ''}",
        runs,
        "not weighed" if verdict is None else str(verdict).replace("+", "$+$").replace("−", "$-$"),
        "--" if verdict is None else str(grade),
    )
    return f"{' & '.join(cells)} \\\\ % {about}"
