-- The budget, and what was posted to the same account, department, organization and day. One row a budgeted amount:
-- what has no budget is not here, so that nothing is compared with a plan that nobody made.
select
    plan.finance_key,
    plan.posting_date,
    plan.organization_key,
    plan.department_key,
    plan.account_key,
    plan.currency,
    plan.amount as budget_amount,
    cast(coalesce(actual.amount, 0) as decimal(18, 2)) as actual_amount,
    plan.result_amount as budget_result,
    cast(coalesce(actual.result_amount, 0) as decimal(18, 2)) as actual_result,
    plan.group_share
from {{ ref('fct_postings') }} as plan
left join {{ ref('fct_profit_and_loss') }} as actual
    on
        actual.posting_date = plan.posting_date
        and actual.organization_key = plan.organization_key
        and actual.department_key = plan.department_key
        and actual.account_key = plan.account_key
where plan.scenario = 'Budget' and plan.kind = 'result'
