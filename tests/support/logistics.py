"""A freight forwarder on a DuckDB file with a catalog of its own: roles of one table, dates of several kinds, claims."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from datatrust.core.settings import Project, load_project
from tests.support.projects import write_files

TABLES = """
create table carriers (carrier_id integer, carrier_name varchar, mode varchar, home_country varchar);
insert into carriers values (1, 'Blue Anchor Lines', 'sea', 'Denmark'), (2, 'Hansa Trucking', 'road', 'Germany'),
  (3, 'SkyBridge Cargo', 'air', 'France'), (4, 'Rail Nord', 'rail', 'Sweden');
create table depots (depot_code varchar, city varchar, country varchar, zone varchar);
insert into depots values ('HAM', 'Hamburg', 'Germany', 'North'), ('LYS', 'Lyon', 'France', 'South'), ('GOT', 'Gothenburg', 'Sweden', 'North'),
  ('MIL', 'Milan', 'Italy', 'South'), ('RTM', 'Rotterdam', 'Netherlands', 'West');
create table clients (client_id integer, client_name varchar, industry varchar, tier varchar, since date);
insert into clients select i, (['Alto Foods', 'Bergmann Steel', 'Cedar Paper', 'Delta Pharma', 'Eiger Watches', 'Fjord Fish', 'Gamma Tools',
  'Hill Textiles'])[i + 1], (['food', 'metal', 'paper', 'pharma', 'luxury', 'food', 'metal', 'textile'])[i + 1],
  (['gold', 'silver', 'bronze'])[1 + i % 3], date '2020-01-15' + (i * 97)::integer from range(8) t(i);
create table shipments as
  select 'S' || lpad(i::varchar, 5, '0') as shipment_no, (i * 5 % 8)::integer as client_id, (1 + i * 3 % 4)::integer as carrier_id,
    (['HAM', 'LYS', 'GOT', 'MIL', 'RTM'])[1 + i % 5] as from_depot, (['HAM', 'LYS', 'GOT', 'MIL', 'RTM'])[1 + (i * 2 + 1) % 5] as to_depot,
    date '2024-06-01' + (i * 2 % 700)::integer as picked_up, date '2024-06-01' + (i * 2 % 700 + 1 + i * 7 % 9)::integer as delivered,
    date '2024-06-01' + (i * 2 % 700 + 4)::integer as promised, cast(12.5 + i * 31 % 950 as decimal(10, 1)) as weight_kg,
    (80 + i * 53 % 1900)::integer as distance_km, cast(45 + (i * 173 % 2400) / 1.6 as decimal(12, 2)) as freight,
    case when i % 23 = 0 then 'lost' when i % 11 = 0 then 'returned' else 'delivered' end as status, i % 6 = 0 as is_express
  from range(900) t(i);
create table claims as
  select 'C' || i as claim_no, 'S' || lpad((i * 13 % 900)::varchar, 5, '0') as shipment_no, date '2024-07-01' + (i * 9 % 660)::integer as filed_on,
    cast(60 + i * 71 % 1500 as decimal(12, 2)) as claimed, (['damage', 'delay', 'loss'])[1 + i % 3] as reason from range(70) t(i);
"""  # fmt: skip
CATALOG = {
    "calendar.yml": "calendars:\n  gregorian: {default: true, week_starts: monday}\ncurrency: {group: EUR}\n",
    "models/shipments.yml": """
model: shipments
label: Shipments
synonyms: [consignments, deliveries]
table: main.shipments
key: [shipment_no]
time: picked_up
joins:
  - {to: clients, key: client_id}
  - {to: carriers, key: carrier_id}
  - {to: depots, key: from_depot, as: origin}
  - {to: depots, key: to_depot, as: destination}
dimensions:
  - {name: shipment_no, type: identifier, label: Shipment number}
  - {name: picked_up, type: time, grain: day, label: Pick-up date, synonyms: [shipping date, ship date]}
  - {name: delivered, type: time, grain: day, label: Delivery date}
  - {name: status, type: category, label: Shipment status}
  - {name: is_express, type: flag, label: Express}
  - {name: weight_kg, type: number, label: Weight}
  - {name: distance_km, type: number, label: Distance}
""",
    "models/carriers.yml": """
model: carriers
label: Carriers
synonyms: [hauliers]
table: main.carriers
key: [carrier_id]
dimensions:
  - {name: carrier_name, type: category, label: Carrier}
  - {name: mode, type: category, label: Transport mode, synonyms: [mode of transport], values: {sea: [ocean], road: [truck]}}
  - {name: home_country, type: category, label: Home country of the carrier}
""",
    "models/depots.yml": """
model: depots
label: Depots
synonyms: [hubs]
table: main.depots
key: [depot_code]
dimensions:
  - {name: depot_code, type: identifier, label: Depot code}
  - {name: city, type: category, label: City}
  - {name: country, type: category, label: Country}
  - {name: zone, type: category, label: Zone}
""",
    "models/clients.yml": """
model: clients
label: Clients
synonyms: [customers, shippers]
table: main.clients
key: [client_id]
dimensions:
  - {name: client_name, type: category, label: Client}
  - {name: industry, type: category, label: Industry, synonyms: [sector]}
  - {name: tier, type: category, label: Tier, synonyms: [service level]}
  - {name: since, type: time, grain: day, label: Client since}
""",
    "models/claims.yml": """
model: claims
label: Claims
synonyms: [complaints]
table: main.claims
key: [claim_no]
time: filed_on
joins:
  - {to: shipments, key: shipment_no}
dimensions:
  - {name: filed_on, type: time, grain: day, label: Filing date}
  - {name: reason, type: category, label: Reason, synonyms: [cause of claim]}
""",
    "metrics/freight.yml": """
defaults: {model: shipments, owner: operations}
metrics:
  - {name: shipment_count, label: Shipments, synonyms: [number of shipments, consignments, shipments made], agg: count, unit: count}
  - {name: freight, label: Freight revenue, synonyms: [freight, revenue, freight charges], agg: sum, expr: freight, unit: currency, currency: EUR, better: higher}
  - {name: tonnage, label: Total weight, synonyms: [weight, kilos, kilograms], agg: sum, expr: weight_kg}
  - {name: average_weight, label: Average weight, agg: average, expr: weight_kg}
  - {name: heaviest, label: Heaviest shipment, synonyms: [maximum weight], agg: max, expr: weight_kg}
  - {name: mileage, label: Distance, synonyms: [kilometres, mileage, total distance], agg: sum, expr: distance_km}
  - {name: shipping_clients, label: Shipping clients, agg: count_distinct, expr: client_id, unit: count}
  - {name: late_shipments, label: Late shipments, synonyms: [late deliveries, delayed shipments], agg: count, where: delivered > promised, unit: count, better: lower}
  - {name: express_shipments, label: Express shipments, agg: count, where: is_express, unit: count}
  - {name: late_rate, label: Late rate, synonyms: [share of late shipments, delay rate], ratio: {numerator: late_shipments, denominator: shipment_count}, on_zero: undefined, unit: percent, better: lower}
  - {name: freight_per_km, label: Freight per kilometre, ratio: {numerator: freight, denominator: mileage}, on_zero: undefined, unit: currency, currency: EUR}
  - {name: freight_per_shipment, label: Average freight, synonyms: [average freight per shipment, freight per shipment], ratio: {numerator: freight, denominator: shipment_count}, on_zero: undefined, unit: currency, currency: EUR}
  - {name: client_count, label: Number of clients, synonyms: [clients on file], model: clients, agg: count, unit: count}
""",
    "metrics/claims.yml": """
defaults: {model: claims, owner: claims desk}
metrics:
  - {name: claim_count, label: Claims, synonyms: [number of claims, complaints], agg: count, unit: count, better: lower}
  - {name: claimed_amount, label: Claimed amount, synonyms: [claim amount, claim value, claims cost], agg: sum, expr: claimed, unit: currency, currency: EUR, better: lower}
  - {name: average_claim, label: Average claim, synonyms: [average claim amount], agg: average, expr: claimed, unit: currency, currency: EUR}
  - {name: claims_per_shipment, label: Claim rate, ratio: {numerator: claim_count, denominator: shipment_count}, on_zero: undefined, unit: percent, better: lower}
""",
}


def make_logistics(root: Path) -> Project:
    """Write the project into `root` and return it."""
    write_files(root / "catalog", CATALOG)
    with duckdb.connect(str(root / "freight.duckdb")) as connection:
        connection.execute(TABLES)
    (root / "configs").mkdir()
    config = {"name": "logistics", "today": "2026-05-15", "catalog": "catalog",
              "serving": {"connection": "duckdb:///freight.duckdb"}}  # fmt: skip
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)
