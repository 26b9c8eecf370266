-- Every valid row of the ledger stands in one fact, and the amounts agree.
select valid.rows as valid_rows, made.rows as fact_rows, valid.amount, made.amount as fact_amount
from (
    select count(*) as rows, sum(cast(round(amount, 2) as decimal(18, 2))) as amount
    from {{ source('silver', 'finance') }}
) as valid
cross join (
    select count(*) as rows, sum(amount) as amount
    from (
        select amount from {{ ref('fct_profit_and_loss') }}
        union all
        select amount from {{ ref('fct_balances') }}
        union all
        select quantity from {{ ref('fct_statistics') }}
        union all
        select budget_amount from {{ ref('fct_budget') }}
        union all
        select amount from {{ ref('fct_postings') }} where kind = 'reclassification'
    ) as fact
) as made
where valid.rows <> made.rows or valid.amount <> made.amount
