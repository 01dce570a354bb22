"""Streams of numbers with known truth, for the campaign that tests the weighing of evidence."""
