"""`axiom lab`, `serve`, `work`, `status`, `doctor`, `keys`, `backup` and what else operates one."""
