select posting_date, organization_key, sum(debit) as debits, sum(credit) as credits
from {{ ref('trial_balance') }}
group by posting_date, organization_key
having sum(debit) <> sum(credit)
