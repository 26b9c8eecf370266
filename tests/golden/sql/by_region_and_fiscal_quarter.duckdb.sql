WITH "sales" AS (
  SELECT
    "customers"."region" AS "region",
    CAST(DATE_TRUNC('QUARTER', "sales"."sold_on") AS DATE) AS "time.fiscal_quarter",
    SUM("sales"."net_amount") FILTER(WHERE
      (
        "sales"."status" IN ('completed', 'refunded')
      )) AS "revenue",
    COUNT(DISTINCT "sales"."order_id") AS "orders"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1,
    2
)
SELECT
  "sales"."region",
  "sales"."time.fiscal_quarter",
  "sales"."revenue" AS "revenue",
  "sales"."orders" AS "orders"
FROM "sales"
ORDER BY
  "time.fiscal_quarter" ASC,
  "region" ASC;
