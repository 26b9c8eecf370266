-- What was earned and spent. `amount` is as booked (an expense is positive), `result_amount` what it does to net income.
select
    finance_key, posting_date, organization_key, department_key, account_key, currency, amount, result_amount,
    group_share
from {{ ref('fct_postings') }}
where kind = 'result' and scenario = 'Actual'
