-- Who works or worked here, without any personal field.
select
    employee_id,
    department,
    entity,
    hired_on,
    left_on
from {{ source('silver', 'employees') }}
