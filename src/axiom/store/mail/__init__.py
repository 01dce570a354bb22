"""Messages that wait to be sent, who asked for which mail, and what the operator was told."""
