-- What each account of the balance sheet held, on each reporting day. Days are never added up.
select finance_key, posting_date, organization_key, account_key, currency, amount, group_share
from {{ ref('fct_postings') }}
where kind = 'balance' and scenario = 'Actual'
