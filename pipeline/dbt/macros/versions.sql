{# Whether the silver table keeps every version of a row (load mode scd2) or the one that stands now. #}
{% macro keeps_versions(relation) -%}
    {%- if execute -%}
        {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {{ return('is_current' in names) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{# The rows of a silver table that stand now, one a key. #}
{% macro current_rows(relation) -%}
    {{ relation }}{% if keeps_versions(relation) %} where is_current{% endif %}
{%- endmacro %}
