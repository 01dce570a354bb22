"""A whole laboratory and its volunteers' computers in one process, against a clock that a number sets."""
