"""Which picture a question has.

What draws pictures asks this, and every page that shows one: so a page never names another than the one that is drawn.
"""

from axiom.domain.experiments import Figure


def draws_measure(figure: Figure, measure: str) -> bool:
    """Does the picture that a file declares show this measure, be it as its logarithm?"""
    return measure in {figure.y, f"log_{figure.y}"}


def name_question_picture(experiment_id: int, *, has_figure: bool, is_recorded: bool, finding: int) -> str:
    """What happens, as its file draws it; of what is recorded, or where the file draws nothing, each repetition.

    `finding` is the number of the first that carries the answer, or is weighed; 0 where there is none.
    """
    if is_recorded:
        return f"experiment/{experiment_id}/recorded"
    return f"experiment/{experiment_id}/sweep" if has_figure or not finding else f"finding/{finding}/strip"
