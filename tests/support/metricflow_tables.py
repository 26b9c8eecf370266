"""Tables for the sample manifests of MetricFlow's wheel: small, irregular, the same every time.

All manifests stand on one schema; a table that two of them name has the columns of both. Days lie in the first months
of 2020 (a leap year), with gaps, month ends, NULL keys and NULL values on purpose.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SCHEMA = "demo"
FIRST, LAST = "2020-01-01", "2020-06-30"  # of the table of days

TABLES = """
CREATE SCHEMA demo;
SET schema = 'demo';
CREATE TABLE mf_time_spine AS
  SELECT d::DATE AS ds, (DATE '2020-01-01' + ((d::DATE - DATE '2020-01-01') // 10 * 10)::INT)::DATE AS alien_day
  FROM generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2020-06-30', INTERVAL 1 DAY) t(d);
CREATE TABLE mf_time_spine_hour AS
  SELECT d AS ts FROM generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-05', INTERVAL 1 HOUR) t(d);
CREATE TABLE fct_bookings AS
  SELECT CASE WHEN i % 17 = 0 THEN NULL ELSE 'l' || (i * 5 % 12) END AS listing_id,
    'u' || (i * 7 % 9) AS guest_id, 'u' || (i % 4) AS host_id, i % 3 = 0 AS is_instant,
    (DATE '2020-01-02' + (i * 11 % 140 + i % 2)::INT)::DATE AS ds, DATE '2020-01-01' AS ds_partitioned,
    (DATE '2020-01-05' + (i * 13 % 150)::INT)::DATE AS paid_at,
    CASE WHEN i % 19 = 0 THEN NULL ELSE (i * 37 % 400 + i % 10 / 10.0)::DECIMAL(18, 2) END AS booking_value,
    CASE WHEN i % 4 = 0 THEN 'u' || (i % 5) END AS referrer_id,
    'b' || i AS booking_id
  FROM range(0, 120) t(i);
CREATE TABLE fct_bookings_dt AS SELECT *, ds AS dt FROM fct_bookings;
CREATE TABLE fct_bookings_extended AS SELECT * FROM fct_bookings;
CREATE TABLE fct_bookings_for_joins AS SELECT listing_id, ds, 1 AS booking FROM fct_bookings;
CREATE TABLE dim_listings_latest AS
  SELECT 'l' || i AS listing_id, 'u' || (i % 9) AS user_id, (DATE '2020-01-01' + (i * 9)::INT)::DATE AS created_at,
    CASE i % 3 WHEN 0 THEN 'us' WHEN 1 THEN 'de' END AS country, i % 4 = 0 AS is_lux, i % 5 + 1 AS capacity
  FROM range(0, 11) t(i);
CREATE TABLE dim_listings_for_joins AS SELECT listing_id, country FROM dim_listings_latest;
CREATE TABLE dim_listings_extended AS SELECT listing_id, created_at AS listing_creation_ds FROM dim_listings_latest;
CREATE TABLE dim_lux_listing_id_mapping AS
  SELECT 'l' || (i * 4) AS listing_id, 'x' || i AS lux_listing_id FROM range(0, 3) t(i);
CREATE TABLE fct_views AS
  SELECT 'l' || (i * 7 % 12) AS listing_id, 'u' || (i % 9) AS user_id,
    (DATE '2020-01-03' + (i * 7 % 130)::INT)::DATE AS ds, DATE '2020-01-01' AS ds_partitioned
  FROM range(0, 150) t(i) WHERE i % 5 > 1;
CREATE TABLE fct_id_verifications AS
  SELECT 'v' || i AS verification_id, 'u' || (i % 9) AS user_id, 'passport' AS verification_type,
    (DATE '2020-01-03' + (i * 5 % 60)::INT)::DATE AS ds, DATE '2020-01-01' AS ds_partitioned
  FROM range(0, 20) t(i);
CREATE TABLE fct_revenue AS
  SELECT (i * 41 % 300 + 0.25)::DECIMAL(18, 2) AS revenue, 'u' || (i % 9) AS user_id,
    (DATE '2020-01-10' + (i * 17 % 120)::INT)::DATE AS created_at
  FROM range(0, 60) t(i);
CREATE TABLE fct_accounts AS
  SELECT (i * 53 % 700)::DECIMAL(18, 2) AS account_balance, 'u' || (i % 6) AS user_id,
    CASE WHEN i % 2 = 0 THEN 'savings' ELSE 'checking' END AS account_type, d AS ds,
    date_trunc('month', d)::DATE AS ds_month
  FROM (SELECT i, (DATE '2020-01-03' + (i * 3 % 100)::INT)::DATE AS d FROM range(0, 90) t(i));
CREATE TABLE fct_buys AS
  SELECT 'u' || (i % 9) AS user_id, 's' || i AS session_id, d AS ds, date_trunc('month', d)::DATE AS ds_month
  FROM (SELECT i, (DATE '2020-01-04' + (i * 5 % 80)::INT)::DATE AS d FROM range(0, 25) t(i));
CREATE TABLE fct_visits AS
  SELECT 'u' || (i % 9) AS user_id, 's' || i AS session_id, 'fb_ad_' || (i % 3) AS referrer_id,
    (DATE '2020-01-04' + (i * 3 % 80)::INT)::DATE AS ds
  FROM range(0, 60) t(i);
CREATE TABLE dim_companies AS SELECT 'c' || i AS company_id, 'u' || i AS user_id, 'Co ' || i AS company_name FROM range(0, 3) t(i);
CREATE TABLE dim_users AS
  SELECT 'u' || i AS user_id, (DATE '2020-01-01' + i::INT)::DATE AS ds, (DATE '2020-01-01' + (i * 6)::INT)::DATE AS created_at,
    DATE '2020-01-01' AS ds_partitioned, CASE WHEN i % 2 = 0 THEN 'CA' ELSE 'NY' END AS home_state,
    TIMESTAMP '2020-01-01 10:00:00' + INTERVAL (i * 31) HOUR AS archived_at,
    TIMESTAMP '2020-01-01 10:00:00' AS last_profile_edit_ts, TIMESTAMP '2020-01-01 10:00:00' AS bio_added_ts,
    TIMESTAMP '2020-01-01 10:00:00' AS last_login_ts
  FROM range(0, 9) t(i);
CREATE TABLE dim_users_latest AS
  SELECT 'u' || i AS user_id, DATE '2020-01-01' AS ds,
    CASE i % 4 WHEN 0 THEN 'CA' WHEN 1 THEN 'NY' WHEN 2 THEN 'TX' END AS home_state_latest
  FROM range(0, 8) t(i);
CREATE TABLE fct_monthly_measures AS
  SELECT (DATE '2020-01-01' + INTERVAL (i) MONTH)::DATE AS creation_time, i * 10 AS monthly_measure_0, i + 1 AS monthly_measure_1
  FROM range(0, 5) t(i);
CREATE TABLE fct_yearly_measures AS SELECT DATE '2020-01-01' AS creation_time, 1000 AS yearly_measure_0;
CREATE TABLE fct_animals AS SELECT (DATE '2020-01-01' + (i * 3)::INT)::DATE AS ds, i % 2 = 0 AS is_dog FROM range(0, 9) t(i);
CREATE TABLE bookings_source AS
  SELECT 'b' || i AS booking, 'l' || (i % 3) AS listing, (DATE '2020-01-02' + (i * 4)::INT)::DATE AS ds,
    (CASE WHEN i < 20 THEN DATE '2020-01-01' ELSE DATE '2020-04-01' END) AS booking_time
  FROM range(0, 30) t(i);
CREATE TABLE listings_source AS SELECT 'l' || i AS listing, 'c' || i AS country_latest FROM range(0, 2) t(i);
CREATE TABLE views_source AS SELECT 'w' || i AS "view", 'b' || i AS booking, DATE '2020-01-01' AS view_time FROM range(0, 25) t(i);
CREATE TABLE fct_bookings_extended_monthly AS
  SELECT (DATE '2020-01-01' + INTERVAL (i % 5) MONTH)::DATE AS ds, i + 3 AS bookings_monthly, 'l' || (i % 4) AS listing_id
  FROM range(0, 15) t(i);
CREATE TABLE account_month_txns AS
  SELECT 'a' || i AS account_id, i + 1 AS txn_count, (DATE '2020-01-01' + (i * 8)::INT)::DATE AS ds,
    DATE '2020-01-01' AS ds_partitioned, '2020-0' || (i % 3 + 1) AS account_month
  FROM range(0, 12) t(i);
CREATE TABLE bridge_table AS
  SELECT 'a' || i AS account_id, 'k' || (i % 4) AS customer_id, 'extra' || (i % 2) AS extra_dim,
    CASE WHEN i < 9 THEN DATE '2020-01-01' ELSE DATE '2020-01-02' END AS ds_partitioned
  FROM range(0, 11) t(i);
CREATE TABLE customer_other_data AS
  SELECT 'k' || i AS customer_id, 't' || i AS customer_third_hop_id, CASE WHEN i % 2 = 0 THEN 'paraguay' ELSE 'peru' END AS country,
    (DATE '2020-01-01' + (i * 20)::INT)::DATE AS acquired_ds
  FROM range(0, 5) t(i);
CREATE TABLE customer_table AS
  SELECT 'k' || i AS customer_id, 'Customer ' || i AS customer_name, i AS customer_atomic_weight,
    DATE '2020-01-01' AS ds_partitioned
  FROM range(0, 4) t(i);
CREATE TABLE third_hop_table AS
  SELECT 't' || i AS customer_third_hop_id, 'citadel' AS "value", DATE '2020-01-05' AS third_hop_ds FROM range(0, 4) t(i);
CREATE TABLE dim_primary_accounts AS
  SELECT 'u' || (i % 9) AS user_id, CASE WHEN i < 9 THEN DATE '2019-01-01' ELSE DATE '2020-02-10' END AS set_as_primary,
    CASE WHEN i < 9 THEN DATE '2020-02-10' END AS removed_as_primary, 'type' || (i % 4) AS account_type
  FROM range(0, 18) t(i);
CREATE TABLE dim_listings AS
  SELECT 'l' || (i % 12) AS listing_id, 'u' || (i % 9) AS user_id,
    CASE WHEN i < 12 THEN DATE '2019-01-01' ELSE DATE '2020-03-05' END AS active_from,
    CASE WHEN i < 12 THEN DATE '2020-03-01' END AS active_to,
    CASE WHEN i % 2 = 0 THEN 'us' ELSE 'de' END AS country, CASE i % 3 WHEN 0 THEN TRUE WHEN 1 THEN FALSE END AS is_lux,
    i % 5 + 1 AS capacity
  FROM range(0, 24) t(i);
CREATE TABLE dim_lux_listings AS
  SELECT 'x' || i AS lux_listing_id, DATE '2020-01-01' AS valid_from, NULL::DATE AS valid_to, TRUE AS is_confirmed_lux FROM range(0, 3) t(i);
CREATE TABLE all_entity_measure_table AS
  SELECT 'e' || (i % 3) AS entity_0, 'f' || (i % 4) AS entity_1, 'g' || i AS entity_2, (DATE '2020-01-01' + (i * 4)::INT)::DATE AS ds
  FROM range(0, 12) t(i);
CREATE TABLE entity_0_dimension_table AS SELECT 'e' || i AS entity_0, 'c' || i AS country FROM range(0, 3) t(i);
CREATE TABLE entity_0_measure_table AS SELECT 'e' || i AS entity_0, i * 2 AS entity_0_measure, DATE '2020-01-03' AS ds FROM range(0, 3) t(i);
CREATE TABLE entity_1_and_entity_2_measure_table AS SELECT entity_1, entity_2, ds FROM all_entity_measure_table;
CREATE TABLE entity_1_dimension_table AS SELECT 'f' || i AS entity_1, 'd' || i AS country FROM range(0, 4) t(i);
CREATE TABLE entity_1_measure_table AS SELECT 'f' || i AS entity_1, i * 3 AS entity_1_measure, DATE '2020-02-03' AS ds FROM range(0, 4) t(i);
CREATE TABLE entity_1_to_entity_0_mapping_table AS SELECT 'f' || i AS entity_1, 'e' || (i % 3) AS entity_0 FROM range(0, 4) t(i);
CREATE TABLE entity_2_to_entity_0_mapping_table AS SELECT 'g' || i AS entity_2, 'e' || (i % 3) AS entity_0 FROM range(0, 12) t(i);
"""


def write_tables(file: Path) -> None:
    """Make a DuckDB file with all of the tables."""
    connection = duckdb.connect(str(file))
    connection.execute(TABLES)
    connection.close()
