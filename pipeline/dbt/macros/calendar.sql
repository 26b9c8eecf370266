{# The fiscal year that a day falls in, named after the calendar year it ends in. #}
{% macro fiscal_year(day) -%}
    year(add_months({{ day }}, {{ (13 - var('fiscal_year_starts_in_month')) % 12 }}))
{%- endmacro %}

{# The month's number within the fiscal year, from 1. #}
{% macro fiscal_month(day) -%}
    month(add_months({{ day }}, {{ (13 - var('fiscal_year_starts_in_month')) % 12 }}))
{%- endmacro %}

{% macro month_of(day) -%}
    cast(trunc({{ day }}, 'MM') as date)
{%- endmacro %}
