"""From a question to an Answer: it plans metric queries, never writes SQL and never types a digit."""
