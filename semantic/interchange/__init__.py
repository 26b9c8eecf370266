"""Other tools' formats: a catalog written for them and read back. One module a format."""
