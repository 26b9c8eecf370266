-- Invoices and credit notes, one row for each age that they reached before they were settled: it counts from
-- open_from to the day before open_to. On each day an open document stands in one row, so rows of one day add up.
with aged as (

    select
        *,
        explode(array(
            named_struct('age', 'not due', 'begins', invoice_date, 'ends', date_add(due_date, 1)),
            named_struct('age', '1 to 30 days', 'begins', date_add(due_date, 1), 'ends', date_add(due_date, 31)),
            named_struct('age', '31 to 60 days', 'begins', date_add(due_date, 31), 'ends', date_add(due_date, 61)),
            named_struct('age', '61 to 90 days', 'begins', date_add(due_date, 61), 'ends', date_add(due_date, 91)),
            named_struct('age', 'over 90 days', 'begins', date_add(due_date, 91), 'ends', cast(null as date))
        )) as reached
    from {{ source('silver', 'receivables') }}

)

select
    concat(document_id, '/', reached.age) as open_item_id,
    document_id,
    document_type,
    customer_id,
    invoice_date,
    due_date,
    paid_on,
    reached.age as age,
    reached.begins as open_from,
    least(reached.ends, paid_on) as open_to,
    cast(amount as decimal(18, 2)) as amount
from aged
where paid_on is null or paid_on > reached.begins
