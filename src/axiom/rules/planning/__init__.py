"""What is ordered next, and where it goes: rules that the server shares."""
