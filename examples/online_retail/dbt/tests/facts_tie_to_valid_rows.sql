-- Every valid line stands in the fact once, and the amounts agree. Gives a row where they do not.
select valid.lines, fact.lines as fact_lines
from (
    select count(*) as lines, sum(cast(quantity * unit_price as decimal(18, 3))) as amount
    from {{ source('silver', 'invoice_lines') }}
) as valid
cross join (
    select count(*) as lines, sum(net_amount) as amount from {{ ref('fct_invoice_lines') }}
) as fact
where valid.lines <> fact.lines or not (valid.amount <=> fact.amount)
