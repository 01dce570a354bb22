"""Who chooses: a caller like any other, outside the server's process, with nothing but commands in hand."""
