{# Delete what a full rebuild would not have. Does nothing when the table has just been built whole. #}
{% macro delete_lines_no_longer_valid() %}
    {%- if is_incremental() -%}
    merge into {{ this }} as line
    using (
        select built.line_id
        from {{ this }} as built
        left anti join {{ source('silver', 'invoice_lines') }} as valid on valid._row_hash = built.line_id
    ) as stale
    on line.line_id = stale.line_id
    when matched then delete
    {%- endif -%}
{% endmacro %}
