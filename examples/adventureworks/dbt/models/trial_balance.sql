-- Debits and credits by reporting day, organization and account: balances, and the profit and loss accounts from the start
-- of the fiscal year. Current retained earnings are that profit said once more, so they are left out. Debits are credits.
with balances as (

    select balance.posting_date, balance.organization_key, balance.currency, balance.account_key, balance.amount
    from {{ ref('fct_balances') }} as balance
    inner join {{ ref('dim_accounts') }} as account on account.account_key = balance.account_key
    where account.account <> 'Current Retained Earnings'

),

year_to_date as (

    select
        reported.first_day as posting_date,
        posting.organization_key,
        posting.currency,
        posting.account_key,
        cast(sum(posting.amount) as decimal(18, 2)) as amount
    from {{ ref('fiscal_periods') }} as reported
    inner join {{ ref('fiscal_periods') }} as earlier
        on earlier.fiscal_year = reported.fiscal_year and earlier.period <= reported.period
    inner join {{ ref('fct_profit_and_loss') }} as posting
        on
            posting.posting_date between earlier.first_day and earlier.last_day
            and posting.posting_date <= reported.first_day
    group by reported.first_day, posting.organization_key, posting.currency, posting.account_key

),

held as (

    select * from balances
    union all
    select * from year_to_date

)

select
    held.posting_date,
    held.organization_key,
    held.currency,
    held.account_key,
    cast(
        case when account.account_type in ('Assets', 'Expenditures') then held.amount else 0 end as decimal(18, 2)
    ) as debit,
    cast(
        case when account.account_type in ('Liabilities', 'Revenue') then held.amount else 0 end as decimal(18, 2)
    ) as credit
from held
inner join {{ ref('dim_accounts') }} as account on account.account_key = held.account_key
