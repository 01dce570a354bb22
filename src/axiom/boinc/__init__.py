"""The BOINC protocol as plain data: what clients send, and what they are answered."""
