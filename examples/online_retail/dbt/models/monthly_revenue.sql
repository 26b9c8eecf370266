select
    cast(trunc(invoice_date, 'MM') as date) as month,
    country,
    cast(sum(net_amount) as decimal(18, 3)) as net_revenue,
    count(distinct case when line_type = 'sale' then invoice_no end) as orders,
    sum(quantity) as quantity
from {{ ref('fct_invoice_lines') }}
group by 1, 2
