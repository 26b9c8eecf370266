-- Companies without any personal field.
select
    customer_id,
    company_name,
    city,
    country,
    region,
    segment,
    customer_since
from {{ source('silver', 'customers') }}
