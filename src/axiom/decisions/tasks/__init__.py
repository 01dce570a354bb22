"""What becomes of a task and of its workunit."""
