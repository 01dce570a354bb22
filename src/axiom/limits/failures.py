"""How many failures are shown, and when a failure is no longer one computer's own trouble."""

WATCHES_OPEN = 100  # Watches that may be open at once: each is held against every new result of its version
FAILURE_GROUPS = 200  # Groups of failures that a page shows; of the others it says how many there are
FAILING_HOSTS_NAMED = 50  # Computers that are named of one group of failures
FAILURE_GROUPS_TOLD = 5  # Groups of failures on an operator's first page; a page of their own has all
FAILURE_EXAMPLES = 8  # Tasks of a group of failures that are read for their messages and configs
FAILURE_HOSTS = 2  # Computers on which the same must fail before it is no longer taken for one computer's own trouble
