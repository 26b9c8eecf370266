-- What part of each organization belongs to each one above it: the shares on the way, multiplied.
{{ rolled_up(source('silver', 'organizations'), 'organization_key', 'parent_key', 'tree.ownership') }}
