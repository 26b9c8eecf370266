-- Planned expenses; the account's name is the expense type that the bookings speak of.
select
    budgets.month,
    budgets.account_id,
    accounts.account_name as expense_type,
    budgets.department,
    cast(budgets.amount as decimal(18, 2)) as budget_amount
from {{ source('silver', 'expense_budgets') }} as budgets
left join {{ source('silver', 'accounts') }} as accounts on accounts.account_id = budgets.account_id
