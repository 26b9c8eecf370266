-- A company's versions leave no day out and share none; the open one is what dim_customers says. Gives the companies
-- of which this is not so.
with versions as (

    select
        *,
        lead(valid_from) over (partition by customer_id order by version) as next_from
    from {{ ref('dim_customers_history') }}

)

select versions.customer_id
from versions
left join {{ ref('dim_customers') }} as now on now.customer_id = versions.customer_id
where
    not (versions.valid_to <=> versions.next_from)
    or (versions.version = 1) <> (versions.valid_from is null)
    or (versions.is_current and not (
        now.city <=> versions.city and now.region <=> versions.region and now.segment <=> versions.segment
    ))
union all
select now.customer_id
from {{ ref('dim_customers') }} as now
left anti join versions on versions.customer_id = now.customer_id and versions.is_current
