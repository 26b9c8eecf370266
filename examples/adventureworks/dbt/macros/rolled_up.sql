{# Every member of a tree with each of its ancestors and itself: how far away, and the product of the weights in between
   (the member's own one, its parent's, …; the ancestor's own one says how *it* counts further up and is not in it).
   Any depth; a tree that bites its own tail stops the run. #}
{% macro rolled_up(tree, member, parent, weight) %}
with recursive upward(member, ancestor, distance, weight) as (

    select {{ member }}, {{ member }}, 0, cast(1 as decimal(20, 12))
    from {{ tree }}

    union all

    select upward.member, tree.{{ parent }}, upward.distance + 1, cast(upward.weight * {{ weight }} as decimal(20, 12))
    from upward
    inner join {{ tree }} as tree on tree.{{ member }} = upward.ancestor
    where tree.{{ parent }} is not null

)

select member as {{ member }}, ancestor as ancestor_key, distance, weight
from upward
{% endmacro %}
