select
    month,
    region,
    category,
    cast(budget_revenue as decimal(18, 2)) as budget_revenue,
    cast(budget_cost as decimal(18, 2)) as budget_cost,
    cast(budget_revenue - budget_cost as decimal(18, 2)) as budget_gross_profit
from {{ source('silver', 'budgets') }}
