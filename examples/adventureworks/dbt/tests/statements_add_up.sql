-- Each line with lines below it is what their operators make of them: added, taken off, or left out.
with lines as (

    select cast(fiscal_year * 100 + period as string) as at, organization_key, department_key, line_key, parent_line_key, amount
    from {{ ref('profit_and_loss') }}
    union all
    select cast(posting_date as string), organization_key, cast(null as bigint), line_key, parent_line_key, amount
    from {{ ref('balance_sheet') }}

),

below as (

    select
        line.at, line.organization_key, line.department_key, line.parent_line_key as line_key,
        sum(line.amount * case account.operator when '+' then 1 when '-' then -1 else 0 end) as amount
    from lines as line
    inner join {{ source('silver', 'accounts') }} as account on account.account_key = line.line_key
    where line.parent_line_key is not null
    group by line.at, line.organization_key, line.department_key, line.parent_line_key

)

select line.at, line.organization_key, line.line_key, line.amount, below.amount as amount_below
from lines as line
inner join below
    on
        below.at = line.at
        and below.organization_key = line.organization_key
        and below.department_key <=> line.department_key
        and below.line_key = line.line_key
where line.amount <> below.amount
