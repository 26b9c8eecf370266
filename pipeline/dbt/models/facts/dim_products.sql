select
    product_id,
    product_name,
    category,
    family,
    cast(unit_cost as decimal(18, 2)) as unit_cost,
    cast(list_price as decimal(18, 2)) as list_price
from {{ source('silver', 'products') }}
