-- Actual revenue against budget by month, region and category, up to the last month with sales. A combination
-- that was budgeted and not sold, or sold and not budgeted, is shown with nothing on the other side.
with actual as (

    select month, region, category, revenue from {{ ref('profit_analysis') }}

),

budget as (

    select month, region, category, budget_revenue from {{ ref('fct_budget') }}
    where month <= (select max(month) from {{ ref('profit_analysis') }})

),

compared as (

    select
        coalesce(actual.month, budget.month) as month,
        coalesce(actual.region, budget.region) as region,
        coalesce(actual.category, budget.category) as category,
        cast(coalesce(actual.revenue, 0) as decimal(18, 2)) as actual_revenue,
        cast(coalesce(budget.budget_revenue, 0) as decimal(18, 2)) as budget_revenue
    from actual
    full outer join budget
        on budget.month = actual.month
        and budget.region = actual.region
        and budget.category = actual.category

)

select
    month,
    region,
    category,
    actual_revenue,
    budget_revenue,
    cast(actual_revenue - budget_revenue as decimal(18, 2)) as variance,
    {{ share('actual_revenue - budget_revenue', 'budget_revenue') }} as variance_percent,
    actual_revenue >= budget_revenue as favourable
from compared
