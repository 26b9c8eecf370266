select
    expense_id,
    expense_date,
    department,
    expense_type,
    cast(amount as decimal(18, 2)) as amount
from {{ source('silver', 'operating_expenses') }}
