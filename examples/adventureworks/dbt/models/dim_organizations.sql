-- One row an organization that keeps books: where it belongs, its currency, and the part of it that the group owns.
-- Those that others belong to are headings; a posting to one would find no row here and stop the run.
with up as (

    select rollup.organization_key, rollup.distance, rollup.weight, above.organization, above.parent_key
    from {{ ref('organization_rollups') }} as rollup
    inner join {{ source('silver', 'organizations') }} as above on above.organization_key = rollup.ancestor_key

),

placed as (

    select
        organization_key,
        max(distance) as depth,
        max(case when parent_key is null then weight end) as group_share
    from up
    group by organization_key

)

select
    organization.organization_key,
    organization.organization,
    coalesce(
        max(case when placed.depth - up.distance = 1 then up.organization end), organization.organization
    ) as operations,
    currency.currency,
    organization.ownership as owned_by_parent,
    cast(placed.group_share as decimal(9, 6)) as group_share
from {{ source('silver', 'organizations') }} as organization
inner join placed on placed.organization_key = organization.organization_key
inner join up on up.organization_key = organization.organization_key
inner join {{ source('silver', 'currencies') }} as currency on currency.currency_key = organization.currency_key
left anti join {{ source('silver', 'organizations') }} as below on below.parent_key = organization.organization_key
group by
    organization.organization_key, organization.organization, currency.currency, organization.ownership,
    placed.group_share
