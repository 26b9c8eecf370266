-- Net revenue by month and by the customer's country and segment as they were on the day of the order, whatever
-- became of the customer since. A refund counts under the version that bought.
select
    {{ month_of('sales.order_date') }} as month,
    customers.region,
    customers.country,
    customers.city,
    customers.segment,
    cast(sum(sales.net_amount) as decimal(18, 2)) as revenue
from {{ ref('fct_sales') }} as sales
inner join {{ ref('dim_customers_history') }} as customers
    on customers.customer_id = sales.customer_id
    and (customers.valid_from is null or sales.original_order_date >= customers.valid_from)
    and (customers.valid_to is null or sales.original_order_date < customers.valid_to)
where sales.status in ('completed', 'refunded')
group by 1, 2, 3, 4, 5
