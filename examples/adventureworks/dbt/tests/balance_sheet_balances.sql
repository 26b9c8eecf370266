-- Assets are liabilities and equity, in every organization on every reporting day.
select posting_date, organization_key, amount
from {{ ref('balance_sheet') }}
where parent_line_key is null and amount <> 0
