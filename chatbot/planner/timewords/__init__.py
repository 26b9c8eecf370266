"""The words of time, one module a kind: what they name, count from, range over, compare with and group by."""
