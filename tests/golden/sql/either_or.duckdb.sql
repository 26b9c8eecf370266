WITH "sales" AS (
  SELECT
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  WHERE
    "sales"."status" = 'completed'
    AND (
      "customers"."region" = 'EMEA'
      OR (
        CASE
          WHEN "sales"."net_amount" < 0
          THEN 'under 0'
          WHEN "sales"."net_amount" < 1000
          THEN '0 to under 1000'
          WHEN "sales"."net_amount" >= 1000
          THEN '1000 and over'
        END <> 'under 0'
        OR CASE
          WHEN "sales"."net_amount" < 0
          THEN 'under 0'
          WHEN "sales"."net_amount" < 1000
          THEN '0 to under 1000'
          WHEN "sales"."net_amount" >= 1000
          THEN '1000 and over'
        END IS NULL
      )
    )
    AND "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
)
SELECT
  "sales"."revenue" AS "revenue"
FROM "sales";
