WITH "sales" AS (
  SELECT
    CAST(DATE_TRUNC('WEEK', "sales"."sold_on") AS DATE) AS "time.week",
    SUM("sales"."net_amount") FILTER(WHERE
      (
        "sales"."status" IN ('completed', 'refunded')
      )) AS "revenue",
    SUM(
      CAST(CAST("sales"."unit_cost" AS DECIMAL(38, 6)) * "sales"."quantity" AS DECIMAL(38, 6))
    ) FILTER(WHERE
      (
        "sales"."status" IN ('completed', 'refunded')
      )) AS "cost",
    SUM("sales"."net_amount") AS "average_line__sum",
    COUNT("sales"."net_amount") AS "average_line__count"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
)
SELECT
  "sales"."time.week",
  CAST((
    2 * (
      CAST(CAST("sales"."revenue" - "sales"."cost" AS DECIMAL(38, 6)) * 1000000 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST("sales"."revenue" - "sales"."cost" AS DECIMAL(38, 6)) * 1000000 AS INT128) * 1000000000000
      )
    ) * ABS((
      CAST(CAST("sales"."revenue" AS DECIMAL(38, 2)) * 100 AS INT128) * 10000
    ))
  ) // NULLIF(
    2 * (
      CAST(CAST("sales"."revenue" AS DECIMAL(38, 2)) * 100 AS INT128) * 10000
    ),
    0
  ) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "margin",
  CAST((
    2 * (
      CAST(CAST("sales"."average_line__sum" AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST("sales"."average_line__sum" AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS((
      CAST("sales"."average_line__count" AS INT128) * 100
    ))
  ) // NULLIF(2 * (
    CAST("sales"."average_line__count" AS INT128) * 100
  ), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "average_line"
FROM "sales"
ORDER BY
  "time.week" ASC;
