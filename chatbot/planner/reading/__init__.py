"""How sentences are read, one module a part of speech: conditions, time, figures and groups, values, mentions."""
