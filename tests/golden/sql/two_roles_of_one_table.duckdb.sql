WITH "shipments" AS (
  SELECT
    "customers"."region" AS "customers.region",
    "ship_to"."region" AS "ship_to.region",
    COUNT(*) AS "shipped"
  FROM "gold"."fct_shipments" AS "shipments"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "shipments"."customer_id" = "customers"."customer_id"
  LEFT JOIN "gold"."dim_customers" AS "ship_to"
    ON "shipments"."ship_to_id" = "ship_to"."customer_id"
  GROUP BY
    1,
    2
)
SELECT
  "shipments"."customers.region",
  "shipments"."ship_to.region",
  "shipments"."shipped" AS "shipped"
FROM "shipments"
ORDER BY
  "customers.region" ASC,
  "ship_to.region" ASC;
