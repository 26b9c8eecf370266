"""Turn a resolved metric query into SQL: one tree, printed for each dialect. Pure: same query, same text.

Split by reason to change: binding (names to columns and joins), buckets (time), filters, measures, arithmetic
(exact numbers), formulas (ratio and derived), sources (one pass over one table), balances, statement (putting
together), dialects (printing).
Layer: semantic. No I/O, no clock, no text of an asker outside a literal.
"""
