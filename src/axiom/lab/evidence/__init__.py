"""Turn results into observations, compute again, score predictions."""
