"""What volunteers read, in their own language: pages and the messages that a BOINC client shows."""
