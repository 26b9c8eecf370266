-- The marts say the same revenue, cost and budget as the facts. Gives the figures that differ.
with months as (

    select max(month) as last from {{ ref('profit_analysis') }}

),

figures as (

    select 'revenue_trends' as figure, revenue as amount from {{ ref('revenue_trends') }}
    union all
    select 'profit_analysis', revenue from {{ ref('profit_analysis') }}
    union all
    select 'revenue_when_sold', revenue from {{ ref('revenue_when_sold') }}
    union all
    select 'variance_report', actual_revenue from {{ ref('variance_report') }}
    union all
    select 'cost', cost from {{ ref('profit_analysis') }}
    union all
    select 'budget', budget_revenue from {{ ref('variance_report') }}
    union all
    select 'sales_summary', total_sales from {{ ref('sales_summary') }}
    union all
    select figure, -amount
    from (
        select
            explode(map(
                'revenue_trends', case when status in ('completed', 'refunded') then net_amount end,
                'profit_analysis', case when status in ('completed', 'refunded') then net_amount end,
                'revenue_when_sold', case when status in ('completed', 'refunded') then net_amount end,
                'variance_report', case when status in ('completed', 'refunded') then net_amount end,
                'cost', case when status in ('completed', 'refunded') then cost_amount end,
                'sales_summary', case when line_type = 'sale' then net_amount end
            )) as (figure, amount)
        from {{ ref('fct_sales') }}
    )
    union all
    select 'budget', -budget.budget_revenue
    from {{ ref('fct_budget') }} as budget
    inner join months on budget.month <= months.last

)

select figure
from figures
group by figure
having coalesce(sum(amount), 0) <> 0
