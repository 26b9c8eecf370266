-- The account of current retained earnings is the net income since the start of the fiscal year. It proves that amounts of
-- the profit and loss account are flows, those of the balance sheet balances, and that the years begin where we say.
with held as (

    select balance.posting_date, balance.organization_key, balance.amount
    from {{ ref('fct_balances') }} as balance
    inner join {{ ref('dim_accounts') }} as account on account.account_key = balance.account_key
    where account.account = 'Current Retained Earnings'

),

earned as (

    select
        reported.first_day as posting_date,
        posting.organization_key,
        sum(posting.result_amount) as amount
    from {{ ref('fiscal_periods') }} as reported
    inner join {{ ref('fiscal_periods') }} as earlier
        on earlier.fiscal_year = reported.fiscal_year and earlier.period <= reported.period
    inner join {{ ref('fct_profit_and_loss') }} as posting
        on
            posting.posting_date between earlier.first_day and earlier.last_day
            and posting.posting_date <= reported.first_day
    group by reported.first_day, posting.organization_key

)

select held.posting_date, held.organization_key, held.amount, earned.amount as earned
from held
full outer join earned
    on earned.posting_date = held.posting_date and earned.organization_key = held.organization_key
where not (held.amount <=> earned.amount)
