-- What is no balance may be left out only because it takes from one account of a day what it gives to another.
select posting_date, organization_key, sum(amount) as amount
from {{ ref('fct_postings') }}
where kind = 'reclassification'
group by posting_date, organization_key
having sum(amount) <> 0
