-- Two postings to one place would count a budget twice.
select posting_date, organization_key, department_key, account_key
from {{ ref('fct_profit_and_loss') }}
group by posting_date, organization_key, department_key, account_key
having count(*) > 1
