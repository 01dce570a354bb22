"""A laboratory, its volunteers' computers, their clock and their network, played in one process."""
