{# Amounts in the group's currency: DECIMAL(18,2), half up, once per line. A rate has six decimals, so the
   product of an amount and a rate is exact before it is rounded. #}
{% macro in_euro(local_amount, rate) -%}
    cast(round({{ local_amount }} * {{ rate }}, 2) as decimal(18, 2))
{%- endmacro %}

{# A share as a fraction with six decimals; null where the base is nothing. #}
{% macro share(part, base) -%}
    cast(case when {{ base }} <> 0 then round(cast({{ part }} as decimal(28, 2)) / {{ base }}, 6) end as decimal(18, 6))
{%- endmacro %}
