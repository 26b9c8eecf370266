-- Every version of a company that silver keeps, with the days on which it was valid: from valid_from on, up to the
-- day before valid_to. The first one known counts from the beginning, the last one is open; where silver keeps
-- the present version only, that is the one.
with versions as (

    select
        customer_id,
        company_name,
        city,
        country,
        region,
        segment,
        customer_since,
        {% if keeps_versions(source('silver', 'customers')) %}
        cast(valid_from as date) as known_from,
        cast(valid_to as date) as valid_to,
        row_number() over (partition by customer_id order by valid_from) as version
        {% else %}
        cast(null as date) as known_from,
        cast(null as date) as valid_to,
        1 as version
        {% endif %}
    from {{ source('silver', 'customers') }}

)

select
    concat(customer_id, '-', version) as customer_version_id,
    customer_id,
    version,
    company_name,
    city,
    country,
    region,
    segment,
    customer_since,
    case when version > 1 then known_from end as valid_from,
    valid_to,
    valid_to is null as is_current
from versions
