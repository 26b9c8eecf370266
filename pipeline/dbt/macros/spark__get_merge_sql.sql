{# A merge that can delete: the model's column named in `gone_where_null` is null in a row that has to go.
   Takes the place of the adapter's merge in this project: one pass over the table instead of a merge and a
   delete. #}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
    {%- set told_by = config.require('gone_where_null') %}
    merge into {{ target }} as target
    using {{ source }} as source
    on source.{{ unique_key }} = target.{{ unique_key }}
    when matched and source.{{ told_by }} is null then delete
    when matched then update set *
    when not matched and source.{{ told_by }} is not null then insert *
{% endmacro %}
