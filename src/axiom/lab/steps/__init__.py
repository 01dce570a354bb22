"""The steps of a session, a file each."""
