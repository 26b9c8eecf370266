-- Net revenue by month and region beside the month and the year before. Every region has every month from the
-- first sale to the last, so that the row before is the month before.
with sold as (

    select
        {{ month_of('sales.order_date') }} as month,
        customers.region,
        sum(sales.net_amount) as revenue
    from {{ ref('fct_sales') }} as sales
    inner join {{ ref('dim_customers') }} as customers on customers.customer_id = sales.customer_id
    where sales.status in ('completed', 'refunded')
    group by 1, 2

),

grid as (

    select months.month, regions.region
    from (
        select explode(sequence(min(month), max(month), interval 1 month)) as month from sold
    ) as months
    cross join (select distinct region from sold) as regions

),

filled as (

    select
        grid.month,
        grid.region,
        cast(coalesce(sold.revenue, 0) as decimal(18, 2)) as revenue
    from grid
    left join sold on sold.month = grid.month and sold.region = grid.region

),

compared as (

    select
        *,
        lag(revenue, 1) over (partition by region order by month) as revenue_previous_month,
        lag(revenue, 12) over (partition by region order by month) as revenue_previous_year
    from filled

)

select
    month,
    {{ fiscal_year('month') }} as fiscal_year,
    {{ fiscal_month('month') }} as fiscal_month,
    region,
    revenue,
    revenue_previous_month,
    revenue_previous_year,
    {{ share('revenue - revenue_previous_year', 'revenue_previous_year') }} as growth_previous_year
from compared
