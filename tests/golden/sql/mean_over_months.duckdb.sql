WITH "sales" AS (
  SELECT
    "customers"."region" AS "region",
    CAST(DATE_TRUNC('MONTH', "sales"."sold_on") AS DATE) AS "time.month",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), "folded" AS (
  SELECT
    "sales"."region",
    "sales"."time.month",
    "sales"."revenue" AS "revenue"
  FROM "sales"
)
SELECT
  "folded"."region",
  CAST((
    2 * (
      CAST(CAST(SUM("folded"."revenue") AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST(SUM("folded"."revenue") AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS((
      CAST(COUNT("folded"."revenue") AS INT128) * 100
    ))
  ) // NULLIF(2 * (
    CAST(COUNT("folded"."revenue") AS INT128) * 100
  ), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "revenue"
FROM "folded"
GROUP BY
  1
ORDER BY
  "region" ASC;
