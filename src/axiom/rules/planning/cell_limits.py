"""After how many seconds is a cell stopped?"""

from axiom.limits import tasks as limits


def allowed_seconds(declared: float, *, is_on_gpu: bool = False, times_longer: int = 1) -> float:
    """The seconds after which a cell is stopped that should take so many on a core; longer, as an operator says."""
    if is_on_gpu:
        usual = max(limits.LEAST_CELL_SECONDS_ON_GPU, limits.TIMES_DECLARED_COST_ON_GPU * declared)
    else:
        usual = max(limits.LEAST_CELL_SECONDS, limits.TIMES_DECLARED_COST * declared)
    return times_longer * usual
