-- The mart says the same revenue as the fact.
select mart.revenue, fact.revenue as fact_revenue
from (select sum(net_revenue) as revenue from {{ ref('monthly_revenue') }}) as mart
cross join (select sum(net_amount) as revenue from {{ ref('fct_invoice_lines') }}) as fact
where not (mart.revenue <=> fact.revenue)
