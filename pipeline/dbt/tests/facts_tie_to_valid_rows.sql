-- Every valid order line stands in the fact once, and once more as a refund; the amounts agree to the cent in
-- each currency of sale. Gives the currencies in which they do not.
with valid as (

    select
        currency,
        count(*) + count_if(status = 'refunded') as lines,
        sum(amount) as sold,
        -sum(case when status = 'refunded' then amount else 0 end) as refunded
    from {{ source('silver', 'sales_clean') }}
    group by currency

),

fact as (

    select
        currency,
        count(*) as lines,
        sum(case when line_type = 'sale' then net_amount_local else 0 end) as sold,
        sum(case when line_type = 'refund' then net_amount_local else 0 end) as refunded
    from {{ ref('fct_sales') }}
    group by currency

)

select coalesce(valid.currency, fact.currency) as currency
from valid
full outer join fact on fact.currency = valid.currency
where
    not (valid.lines <=> fact.lines)
    or not (valid.sold <=> fact.sold)
    or not (valid.refunded <=> fact.refunded)
