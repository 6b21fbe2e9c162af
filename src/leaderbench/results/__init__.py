"""What was recorded: the response log, and the runs with their samples and scores."""
