with invoiced as (

    select
        customer_id,
        country,
        invoice_date,
        row_number() over (partition by customer_id order by invoice_date, country) as place
    from {{ ref('fct_invoice_lines') }}
    where customer_id is not null

)

select
    customer_id,
    invoice_date as first_invoice_date,
    country as first_country
from invoiced
where place = 1
