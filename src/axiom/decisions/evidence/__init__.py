"""How interesting a new line of evidence is, which estimand may be registered, how well a seed was reproduced."""
