-- Every valid line. A run adds the lines that became valid since the last one and deletes those that are no longer.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='line_id',
        on_schema_change='fail',
        post_hook="{{ delete_lines_no_longer_valid() }}",
    )
}}

with lines as (

    select lines.* from {{ source('silver', 'invoice_lines') }} as lines
    {% if is_incremental() %}
    left anti join (
        select line_id from {{ this }}
    ) as known on known.line_id = lines._row_hash
    {% endif %}

)

select
    _row_hash as line_id,
    invoice_no,
    case when invoice_no like 'C%' then 'cancellation' else 'sale' end as line_type,
    cast(invoiced_at as date) as invoice_date,
    stock_code,
    cast(cast(customer_id as bigint) as string) as customer_id,
    country,
    quantity,
    unit_price,
    cast(quantity * unit_price as decimal(18, 3)) as net_amount
from lines
