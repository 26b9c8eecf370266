-- One row an account, with the lines above it from the top down. Where an account stands higher, its own name goes on.
with placed as (

    select
        above.account_key,
        max(above.distance) as depth,
        max(case when line.parent_key is null then line.account end) as statement,
        max(case when line.parent_key is null then above.weight end) as statement_weight
    from {{ ref('account_rollups') }} as above
    inner join {{ source('silver', 'accounts') }} as line on line.account_key = above.ancestor_key
    group by above.account_key

),

named as (

    select
        above.account_key,
        max(case when placed.depth - above.distance = 1 then line.account end) as main_line,
        max(case when placed.depth - above.distance = 2 then line.account end) as section,
        max(case when placed.depth - above.distance = 3 then line.account end) as account_group
    from {{ ref('account_rollups') }} as above
    inner join placed on placed.account_key = above.account_key
    inner join {{ source('silver', 'accounts') }} as line on line.account_key = above.ancestor_key
    group by above.account_key

)

select
    account.account_key,
    account.account_code,
    account.account,
    account.account_type,
    account.value_type,
    account.operator,
    placed.statement,
    coalesce(named.main_line, account.account) as main_line,
    coalesce(named.section, account.account) as section,
    coalesce(named.account_group, account.account) as account_group,
    cast(placed.statement_weight as int) as statement_weight
from {{ source('silver', 'accounts') }} as account
inner join placed on placed.account_key = account.account_key
inner join named on named.account_key = account.account_key
