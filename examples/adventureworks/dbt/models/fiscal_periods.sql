-- The periods of the books: from one reporting day to the day before the next. Twelve make a year, named after its end;
-- that a year begins there is proved by current_retained_earnings_are_the_year_to_date.
with days as (

    select distinct posting_date as first_day
    from {{ ref('fct_balances') }}

),

numbered as (

    select
        first_day,
        lead(first_day) over (order by first_day) as next_day,
        row_number() over (order by first_day) - 1 as place
    from days

),

last_posting as (

    select max(posting_date) as last_day
    from {{ ref('fct_postings') }}

),

dated as (

    select
        numbered.first_day,
        coalesce(date_sub(numbered.next_day, 1), last_posting.last_day) as last_day,
        cast(numbered.place div 12 as int) as year_place,
        cast(numbered.place % 12 as int) + 1 as period
    from numbered
    cross join last_posting

)

select
    first_day,
    last_day,
    cast(year(max(last_day) over (partition by year_place)) as int) as fiscal_year,
    cast((period + 2) div 3 as int) as fiscal_quarter,
    period
from dated
