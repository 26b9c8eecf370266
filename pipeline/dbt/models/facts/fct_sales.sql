-- One line for each sale on its order date; a refunded sale stays and gets a second, negative line on its
-- refund date. Amounts in EUR at the average rate of the month in which the line happened.
--
-- A run merges by key: lines whose order line, product or rate came with a new file, lines that are not here yet,
-- and, with nothing but their key so that the merge deletes them, lines that are not valid any more.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='sales_line_id',
        on_schema_change='fail',
        gone_where_null='order_line_id',
    )
}}

with lines as (

    select
        sales.*,
        line_type,
        case when line_type = 'refund' then refund_date else order_date end as happened_on,
        cast(case when line_type = 'refund' then -quantity else quantity end as decimal(12, 0)) as units,
        cast(case when line_type = 'refund' then -amount else amount end as decimal(18, 2)) as net_amount_local
    from {{ source('silver', 'sales_clean') }} as sales
    lateral view explode(
        case when status = 'refunded' then array('sale', 'refund') else array('sale') end
    ) as line_type

),

priced as (

    select
        lines.*,
        rates.average_rate as fx_rate,
        {{ in_euro('cast(lines.units * lines.list_price as decimal(18, 2))', 'rates.average_rate') }} as gross_amount,
        {{ in_euro('lines.net_amount_local', 'rates.average_rate') }} as net_amount,
        cast(lines.units * products.unit_cost as decimal(18, 2)) as cost_amount,
        greatest(lines._sequence, rates._sequence, products._sequence) as newest_sequence
    from lines
    left join {{ source('silver', 'fx_rates') }} as rates
        on rates.month = {{ month_of('lines.happened_on') }} and rates.currency = lines.currency
    left join {{ source('silver', 'products') }} as products
        on products.product_id = lines.product_id

),

sold as (

    select
        concat(order_line_id, '-', line_type) as sales_line_id,
        order_line_id,
        order_id,
        line_type,
        happened_on as order_date,
        order_date as original_order_date,
        customer_id,
        product_id,
        status,
        cast(units as bigint) as quantity,
        currency,
        cast(fx_rate as decimal(18, 6)) as fx_rate,
        net_amount_local,
        gross_amount,
        cast(gross_amount - net_amount as decimal(18, 2)) as discount_amount,
        net_amount,
        cost_amount,
        cast(net_amount - cost_amount as decimal(18, 2)) as gross_profit,
        newest_sequence
    from priced

)

{% if is_incremental() %}
select
    coalesce(sold.sales_line_id, built.sales_line_id) as sales_line_id,
    sold.* except (sales_line_id, newest_sequence)
from sold
full outer join (select sales_line_id from {{ this }}) as built
    on built.sales_line_id = sold.sales_line_id
where
    built.sales_line_id is null
    or sold.sales_line_id is null
    or sold.newest_sequence > {{ var('since_sequence') }}
{% else %}
select * except (newest_sequence) from sold
{% endif %}
