-- USD for one unit of a currency, by day, with twelve decimals (the source has up to twenty, of binary fractions).
select
    rates.rate_date,
    currency.currency,
    currency.currency_name,
    cast(rates.average_rate as decimal(18, 12)) as average_rate,
    cast(rates.end_of_day_rate as decimal(18, 12)) as end_of_day_rate
from {{ source('silver', 'currency_rates') }} as rates
inner join {{ source('silver', 'currencies') }} as currency on currency.currency_key = rates.currency_key
