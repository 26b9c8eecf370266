-- No name, no address of mail, no day of birth: what is left says something of groups only.
select
    customer_key,
    case gender when 'F' then 'Female' when 'M' then 'Male' else 'Not stated' end as gender,
    case marital_status when 'M' then 'Married' when 'S' then 'Single' end as marital_status,
    annual_income as income_band,
    children,
    education,
    occupation,
    home_owner
from {{ source('silver', 'customers') }}
