-- Descriptions change over time and some lines have none: the last one given stands, the code where there is none.
with described as (

    select
        stock_code,
        description,
        row_number() over (
            partition by stock_code
            order by description is null, invoiced_at desc, description
        ) as place
    from {{ source('silver', 'invoice_lines') }}

)

select
    stock_code,
    coalesce(description, stock_code) as product_name
from described
where place = 1
