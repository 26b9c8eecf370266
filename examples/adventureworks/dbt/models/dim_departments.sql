select department_key, department
from {{ source('silver', 'departments') }}
