-- People, units and square feet: numbers that are no money.
select finance_key, posting_date, organization_key, department_key, account_key, cast(amount as bigint) as quantity
from {{ ref('fct_postings') }}
where kind = 'statistic' and scenario = 'Actual'
