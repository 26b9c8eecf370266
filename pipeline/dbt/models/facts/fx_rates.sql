select
    month,
    currency,
    cast(average_rate as decimal(18, 6)) as average_rate,
    cast(closing_rate as decimal(18, 6)) as closing_rate
from {{ source('silver', 'fx_rates') }}
