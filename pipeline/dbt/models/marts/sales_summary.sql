-- What was sold, by the order lines' present status; a refund does not reduce it here (see revenue_trends).
select
    status,
    count(*) as order_lines,
    cast(sum(net_amount) as decimal(18, 2)) as total_sales
from {{ ref('fct_sales') }}
where line_type = 'sale'
group by status
