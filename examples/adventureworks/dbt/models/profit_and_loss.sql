-- The profit and loss account with its subtotals, by reporting day, organization and department, in the currency of the
-- organization. A line is what its operators make of the accounts below it; lines of different levels are never added up.
select
    period.fiscal_year,
    period.period,
    posting.organization_key,
    posting.department_key,
    posting.currency,
    line.account_key as line_key,
    line.account_code as line_code,
    line.account as line,
    line.parent_key as parent_line_key,
    cast(sum(posting.amount * above.weight) as decimal(18, 2)) as amount
from {{ ref('fct_profit_and_loss') }} as posting
inner join {{ ref('account_rollups') }} as above on above.account_key = posting.account_key
inner join {{ source('silver', 'accounts') }} as line on line.account_key = above.ancestor_key
inner join {{ ref('fiscal_periods') }} as period
    on posting.posting_date between period.first_day and period.last_day
group by
    period.fiscal_year, period.period, posting.organization_key, posting.department_key, posting.currency,
    line.account_key, line.account_code, line.account, line.parent_key
