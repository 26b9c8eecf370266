"""The sample company: Lindenau Trading, a wholesaler that does not exist, written as raw files for the pipeline.

`datatrust.sample.build.build_sample` writes three closings (2026-04 with all history since 2023-07-01, then
2026-05 and 2026-06) and, outside of the raw folder, the truth about them: every planted defect, every personal
value, and the counts that a pipeline must arrive at. Same seed and size: the same bytes.

    company.py     what really happened: customers, products, rates, order lines, expenses, balances, budgets
    dirt/          what went wrong on the way: one `Kind` a defect, with its outcome and reason
    deliver.py     files, physical line numbers, counts

How the truth is to be read:

    quarantined    the row breaks a rule; `reason` is the rule's family and `column` the column that it is about
                   (format, required, type, scale, range, pattern, checksum, value_set, reference, check,
                   conflict). A row may break further rules as a consequence.
    duplicate      all fields equal to a row that was read before
    superseded     a newer version of the same key stands
    valid          written oddly, yet right: padded fields, columns in another order, a parent that came later
    not_a_record   a blank line

`outcome_after` says it per delivery where it changes: an order line of a customer who is delivered a month later is
quarantined first and valid afterwards. Whatever the share of dirt, the rows that are valid after the last closing
are the same: defects are extra rows, odd writings of clean rows, or late parents.
Layer: between core and the command line. Imports core and the standard library only; no reader of ours knows it.
"""

from datatrust.sample.build import DEFAULT_ORDERS_PER_MONTH, SampleSummary, build_sample

__all__ = ["DEFAULT_ORDERS_PER_MONTH", "SampleSummary", "build_sample"]
