select
    month_end,
    account_id,
    account_name,
    account_type,
    cast(balance as decimal(18, 2)) as balance
from {{ source('silver', 'account_balances') }}
