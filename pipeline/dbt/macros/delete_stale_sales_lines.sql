{# Delete the lines that a full rebuild would not have: the order line is gone from silver, or it is no longer
   refunded. Does nothing when the table has just been built whole. #}
{% macro delete_stale_sales_lines() %}
    {%- if is_incremental() -%}
    merge into {{ this }} as line
    using (
        select built.sales_line_id
        from {{ this }} as built
        left anti join {{ source('silver', 'sales_clean') }} as sales
            on sales.order_line_id = built.order_line_id
            and (built.line_type = 'sale' or sales.status = 'refunded')
    ) as stale
    on line.sales_line_id = stale.sales_line_id
    when matched then delete
    {%- endif -%}
{% endmacro %}
