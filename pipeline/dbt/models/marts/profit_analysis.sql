-- Revenue, cost and gross profit by month, region and category.
with sold as (

    select
        {{ month_of('sales.order_date') }} as month,
        customers.region,
        products.category,
        cast(sum(sales.net_amount) as decimal(18, 2)) as revenue,
        cast(sum(sales.cost_amount) as decimal(18, 2)) as cost
    from {{ ref('fct_sales') }} as sales
    inner join {{ ref('dim_customers') }} as customers on customers.customer_id = sales.customer_id
    inner join {{ ref('dim_products') }} as products on products.product_id = sales.product_id
    where sales.status in ('completed', 'refunded')
    group by 1, 2, 3

)

select
    month,
    region,
    category,
    revenue,
    cost,
    cast(revenue - cost as decimal(18, 2)) as gross_profit,
    {{ share('revenue - cost', 'revenue') }} as gross_margin
from sold
