-- One line for each sale on its order date; a refunded sale stays and gets a second, negative line on its
-- refund date. Amounts in EUR at the average rate of the month in which the line happened.
--
-- A run builds the lines whose order line, product or rate came with a new file, and those that are not here
-- yet, and merges them by key; lines whose order line is gone or no longer refunded are deleted after that.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='sales_line_id',
        on_schema_change='fail',
        post_hook="{{ delete_stale_sales_lines() }}",
    )
}}

with sales as (

    select sales.* from {{ source('silver', 'sales_clean') }} as sales
    {% if is_incremental() %}
    {%- set since = var('since_sequence') %}
    left join (select distinct order_line_id from {{ this }}) as known
        on known.order_line_id = sales.order_line_id
    where
        known.order_line_id is null
        or sales._sequence > {{ since }}
        or sales.product_id in (
            select product_id from {{ source('silver', 'products') }} where _sequence > {{ since }}
        )
        or concat(sales.currency, {{ month_of('sales.order_date') }}) in (
            select concat(currency, month) from {{ source('silver', 'fx_rates') }} where _sequence > {{ since }}
        )
        or coalesce(
            concat(sales.currency, {{ month_of('sales.refund_date') }}) in (
                select concat(currency, month) from {{ source('silver', 'fx_rates') }} where _sequence > {{ since }}
            ), false
        )
    {% endif %}

),

lines as (

    select
        order_line_id, order_id, 'sale' as line_type, order_date, order_date as original_order_date,
        customer_id, product_id, status, currency,
        cast(quantity as decimal(12, 0)) as quantity,
        cast(amount as decimal(18, 2)) as net_amount_local,
        cast(list_price as decimal(18, 2)) as list_price_local
    from sales
    union all
    select
        order_line_id, order_id, 'refund', refund_date, order_date,
        customer_id, product_id, status, currency,
        cast(-quantity as decimal(12, 0)),
        cast(-amount as decimal(18, 2)),
        cast(list_price as decimal(18, 2))
    from sales
    where status = 'refunded'

),

priced as (

    select
        lines.*,
        rates.average_rate as fx_rate,
        {{ in_euro('cast(lines.quantity * lines.list_price_local as decimal(18, 2))', 'rates.average_rate') }} as gross_amount,
        {{ in_euro('lines.net_amount_local', 'rates.average_rate') }} as net_amount,
        cast(lines.quantity * products.unit_cost as decimal(18, 2)) as cost_amount
    from lines
    left join {{ ref('fx_rates') }} as rates
        on rates.month = {{ month_of('lines.order_date') }} and rates.currency = lines.currency
    left join {{ ref('dim_products') }} as products
        on products.product_id = lines.product_id

)

select
    concat(order_line_id, '-', line_type) as sales_line_id,
    order_line_id,
    order_id,
    line_type,
    order_date,
    original_order_date,
    customer_id,
    product_id,
    status,
    cast(quantity as bigint) as quantity,
    currency,
    fx_rate,
    net_amount_local,
    gross_amount,
    cast(gross_amount - net_amount as decimal(18, 2)) as discount_amount,
    net_amount,
    cost_amount,
    cast(net_amount - cost_amount as decimal(18, 2)) as gross_profit
from priced
