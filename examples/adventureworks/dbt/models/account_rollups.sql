-- How each account counts in each line of a statement above it: 1, -1, or 0 for what is not rolled up (~).
{{ rolled_up(
    source('silver', 'accounts'), 'account_key', 'parent_key',
    "case tree.operator when '+' then 1 when '-' then -1 else 0 end",
) }}
