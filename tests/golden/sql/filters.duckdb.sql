WITH "sales" AS (
  SELECT
    COUNT(DISTINCT "sales"."order_id") AS "orders"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  WHERE
    "customers"."region" IN ('EMEA', 'O''Brien''s')
    AND CONTAINS(LOWER(CAST("sales"."status" AS TEXT)), 'comp')
    AND CAST("customers"."since" AS DATE) < CAST('2025-01-01' AS DATE)
)
SELECT
  "sales"."orders" AS "orders"
FROM "sales";
