-- Postings with their accounts. "amount" has the sign that the account's class is read in: assets and costs grow by a
-- debit, what is owed, what is owned and what is earned by a credit.
select
    postings.posting_id,
    postings.journal_id,
    postings.posting_date,
    postings.entity,
    postings.account_id,
    accounts.account_name,
    accounts.account_group,
    accounts.account_class,
    postings.department,
    cast(postings.debit as decimal(18, 2)) as debit,
    cast(postings.credit as decimal(18, 2)) as credit,
    cast(
        case
            when accounts.account_class in ('asset', 'cost of sales', 'expense') then postings.debit - postings.credit
            else postings.credit - postings.debit
        end as decimal(18, 2)
    ) as amount
from {{ source('silver', 'ledger') }} as postings
left join {{ source('silver', 'accounts') }} as accounts on accounts.account_id = postings.account_id
