-- The marts say the same revenue as the fact. Gives the marts that do not.
with fact as (

    select sum(net_amount) as revenue
    from {{ ref('fct_sales') }}
    where status in ('completed', 'refunded')

),

marts as (

    select 'revenue_trends' as mart, sum(revenue) as revenue from {{ ref('revenue_trends') }}
    union all
    select 'profit_analysis', sum(revenue) from {{ ref('profit_analysis') }}
    union all
    select 'variance_report', sum(actual_revenue) from {{ ref('variance_report') }}

)

select marts.mart
from marts
cross join fact
where coalesce(marts.revenue, 0) <> coalesce(fact.revenue, 0)
