"""A new source in minutes: profile a file, draft its contract, say what a person should look at."""
