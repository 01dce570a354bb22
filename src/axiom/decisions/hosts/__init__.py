"""What a host can do and how far it is trusted."""
