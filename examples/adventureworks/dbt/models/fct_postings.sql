-- Every row of the ledger and the budget under its account, in cents. `kind` says what the row is, by statement and account:
--   result     a flow of the profit and loss account
--   balance    what a balance-sheet account held at the reporting day
--   statistic  headcount, units, square feet: never money
--   reclassification  a row of the balance sheet on a day without a balance sheet: moves equity between two accounts and
--                     adds up to nothing. It is no balance, and no figure is made of it.
with reporting_days as (

    select distinct finance.organization_key, finance.posting_date
    from {{ source('silver', 'finance') }} as finance
    inner join {{ source('silver', 'accounts') }} as account on account.account_key = finance.account_key
    where account.account_type = 'Assets'

)

select
    finance.finance_key,
    finance.posting_date,
    finance.organization_key,
    finance.department_key,
    finance.account_key,
    scenario.scenario,
    organization.currency,
    cast(round(finance.amount, 2) as decimal(18, 2)) as amount,
    cast(round(finance.amount, 2) * account.statement_weight as decimal(18, 2)) as result_amount,
    organization.group_share,
    case
        when account.value_type = 'Units' then 'statistic'
        when account.statement = 'Net Income' then 'result'
        when reporting_days.posting_date is not null then 'balance'
        else 'reclassification'
    end as kind
from {{ source('silver', 'finance') }} as finance
inner join {{ ref('dim_accounts') }} as account on account.account_key = finance.account_key
inner join {{ ref('dim_organizations') }} as organization on organization.organization_key = finance.organization_key
inner join {{ source('silver', 'scenarios') }} as scenario on scenario.scenario_key = finance.scenario_key
left join reporting_days
    on
        reporting_days.organization_key = finance.organization_key
        and reporting_days.posting_date = finance.posting_date
