-- The balance sheet with its subtotals, by reporting day and organization, in the currency of the organization. The root
-- is assets less liabilities and equity: zero.
select
    balance.posting_date,
    balance.organization_key,
    balance.currency,
    line.account_key as line_key,
    line.account_code as line_code,
    line.account as line,
    line.parent_key as parent_line_key,
    cast(sum(balance.amount * above.weight) as decimal(18, 2)) as amount
from {{ ref('fct_balances') }} as balance
inner join {{ ref('account_rollups') }} as above on above.account_key = balance.account_key
inner join {{ source('silver', 'accounts') }} as line on line.account_key = above.ancestor_key
group by
    balance.posting_date, balance.organization_key, balance.currency, line.account_key, line.account_code,
    line.account, line.parent_key
