select territory_key, territory, country, continent
from {{ source('silver', 'territories') }}
