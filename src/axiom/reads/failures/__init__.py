"""What goes wrong, and what somebody waits for, as their readers see them."""
