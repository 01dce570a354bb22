"""Every change on the disk before its commit, and how it is done again."""
