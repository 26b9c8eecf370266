select
    product_key, sku, product_name, model_name, subcategory_key,
    case when color = 'NA' then 'No color' else color end as color,
    cast(cost as decimal(18, 4)) as cost,
    cast(list_price as decimal(18, 4)) as list_price
from {{ source('silver', 'products') }}
