-- One row a line of an order. The files carry no price: a line is worth its quantity at the list price, its cost likewise.
select
    sales._row_hash as sales_line_id,
    sales.order_date,
    sales.order_number,
    sales.product_key,
    sales.customer_key,
    sales.territory_key,
    sales.quantity,
    cast(sales.quantity * product.list_price as decimal(18, 4)) as sales_amount,
    cast(sales.quantity * product.cost as decimal(18, 4)) as cost_amount
from {{ source('silver', 'sales') }} as sales
inner join {{ source('silver', 'products') }} as product on product.product_key = sales.product_key
