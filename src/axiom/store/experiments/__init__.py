"""Experiments, bundles, preflights, releases and the runners on offer."""
