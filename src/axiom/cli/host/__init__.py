"""`axiom host`, `task`, `workunit`, `volunteer` and `team`."""
