select valid.lines, fact.lines as fact_lines
from (select count(*) as lines, sum(quantity) as quantity from {{ source('silver', 'sales') }}) as valid
cross join (select count(*) as lines, sum(quantity) as quantity from {{ ref('fct_sales') }}) as fact
where valid.lines <> fact.lines or valid.quantity <> fact.quantity
