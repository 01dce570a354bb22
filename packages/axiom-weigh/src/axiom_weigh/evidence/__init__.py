"""What follows from the values of seeds: alarms, verdict, interval, grade, each with its reasons. Pure."""
