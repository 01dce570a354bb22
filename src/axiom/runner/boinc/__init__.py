"""What passes between boinc-client and its task."""
