"""What is decided from facts alone and the server needs too: no database, no network, no clock, no dice."""
