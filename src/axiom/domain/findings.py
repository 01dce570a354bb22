"""The words of `estimands`, for the files of experiments, published ones too; the program imports `estimands`."""

from axiom.domain.estimands import Center, Direction, Estimand, Event, Kind, Prediction, Published

__all__ = ["Center", "Direction", "Estimand", "Event", "Kind", "Prediction", "Published"]
