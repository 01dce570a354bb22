"""The words of estimands, at the place from which the files of experiments import them."""

from axiom.domain.estimands import Center, Direction, Estimand, Kind, Prediction, Published

__all__ = ["Center", "Direction", "Estimand", "Kind", "Prediction", "Published"]
