-- Companies without any personal field, as they are now.
select
    customer_id,
    company_name,
    city,
    country,
    region,
    segment,
    customer_since
from {{ current_rows(source('silver', 'customers')) }}
