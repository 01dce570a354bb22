"""The program on a volunteer's computer: built, signed, offered."""
