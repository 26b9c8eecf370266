-- What gold takes over as it is has the rows and the amounts of its silver table. Gives the tables that have not.
with counted as (

    {% for fact, amount, origin, original in [
        ('dim_customers_history', '0', 'customers', '0'),
        ('dim_products', 'unit_cost + list_price', 'products', 'unit_cost + list_price'),
        ('fct_budget', 'budget_gross_profit', 'budgets', 'budget_revenue - budget_cost'),
        ('fct_expenses', 'amount', 'operating_expenses', 'amount'),
        ('fct_balances', 'balance', 'account_balances', 'balance'),
        ('fct_ledger', 'debit - credit * 2', 'ledger', 'debit - credit * 2'),
        ('fct_expense_budget', 'budget_amount', 'expense_budgets', 'amount'),
        ('dim_employees', '0', 'employees', '0'),
        ('fx_rates', 'average_rate + closing_rate', 'fx_rates', 'average_rate + closing_rate'),
    ] %}
    select '{{ fact }}' as fact, cast({{ amount }} as decimal(28, 6)) as amount, 1 as lines from {{ ref(fact) }}
    union all
    select '{{ fact }}', -cast({{ original }} as decimal(28, 6)), -1 from {{ source('silver', origin) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select fact
from counted
group by fact
having sum(lines) <> 0 or coalesce(sum(amount), 0) <> 0
