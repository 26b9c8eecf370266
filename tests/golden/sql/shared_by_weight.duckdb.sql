WITH "sales" AS (
  SELECT
    "customers__advice"."adviser" AS "adviser",
    SUM(
      (
        CAST("sales"."net_amount" AS DECIMAL(38, 2)) * CAST((
          COALESCE(CAST("customers__advice"."share" AS DECIMAL(38, 6)), 1)
        ) AS DECIMAL(38, 6))
      )
    ) FILTER(WHERE
      (
        "sales"."status" IN ('completed', 'refunded')
      )) AS "revenue",
    SUM(
      (
        CAST("sales"."net_amount" AS DECIMAL(38, 2)) * CAST((
          COALESCE(CAST("customers__advice"."share" AS DECIMAL(38, 6)), 1)
        ) AS DECIMAL(38, 6))
      )
    ) AS "average_line__sum",
    (
      COALESCE(
        SUM(
          CASE
            WHEN NOT (
              "sales"."net_amount"
            ) IS NULL
            THEN (
              1 * CAST((
                COALESCE(CAST("customers__advice"."share" AS DECIMAL(38, 6)), 1)
              ) AS DECIMAL(38, 6))
            )
          END
        ),
        0
      )
    ) AS "average_line__count",
    COUNT(DISTINCT "sales"."order_id") AS "orders"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  LEFT JOIN "gold"."dim_advice" AS "customers__advice"
    ON "customers"."customer_id" = "customers__advice"."customer_id"
  GROUP BY
    1
)
SELECT
  "sales"."adviser",
  "sales"."revenue" AS "revenue",
  CAST((
    2 * (
      CAST(CAST("sales"."average_line__sum" AS DECIMAL(38, 8)) * 100000000 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST("sales"."average_line__sum" AS DECIMAL(38, 8)) * 100000000 AS INT128) * 1000000000000
      )
    ) * ABS(
      (
        CAST(CAST("sales"."average_line__count" AS DECIMAL(38, 6)) * 1000000 AS INT128) * 100
      )
    )
  ) // NULLIF(
    2 * (
      CAST(CAST("sales"."average_line__count" AS DECIMAL(38, 6)) * 1000000 AS INT128) * 100
    ),
    0
  ) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "average_line",
  "sales"."orders" AS "orders"
FROM "sales"
ORDER BY
  "adviser" ASC;

WITH "sales" AS (
  SELECT
    SUM("sales"."net_amount") FILTER(WHERE
      (
        "sales"."status" IN ('completed', 'refunded')
      )) AS "revenue",
    SUM("sales"."net_amount") AS "average_line__sum",
    COUNT("sales"."net_amount") AS "average_line__count",
    COUNT(DISTINCT "sales"."order_id") AS "orders"
  FROM "gold"."fct_sales" AS "sales"
)
SELECT
  "sales"."revenue" AS "revenue",
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
  ), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "average_line",
  "sales"."orders" AS "orders"
FROM "sales";

-- must give no row
SELECT
  1 AS "wrong"
FROM "gold"."dim_advice" AS "advice"
WHERE
  NOT "advice"."customer_id" IS NULL
GROUP BY
  "advice"."customer_id"
HAVING
  SUM(CAST("advice"."share" AS DECIMAL(38, 6))) <> 1
  OR COUNT(CAST("advice"."share" AS DECIMAL(38, 6))) < COUNT(*)
  OR MIN(CAST("advice"."share" AS DECIMAL(38, 6))) < 0
LIMIT 1;
