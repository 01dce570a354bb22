"""What was registered, proposed and predicted."""
