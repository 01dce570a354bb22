"""Register designs, predictions and links, and take over old claims."""
