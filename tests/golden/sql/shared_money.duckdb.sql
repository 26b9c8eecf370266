WITH "sales" AS (
  SELECT
    "customers__advice"."adviser" AS "adviser",
    SUM(
      (
        CAST((
          CAST("sales"."local_amount" AS DECIMAL(38, 2)) * CAST(CASE
            WHEN "sales"."currency" = 'EUR'
            THEN 1
            ELSE CAST("rates_of_it"."average_rate" AS DECIMAL(38, 6))
          END AS DECIMAL(38, 6))
        ) AS DECIMAL(38, 8)) * CAST((
          COALESCE(CAST("customers__advice"."share" AS DECIMAL(38, 6)), 1)
        ) AS DECIMAL(38, 6))
      )
    ) AS "local_revenue"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  LEFT JOIN "gold"."dim_advice" AS "customers__advice"
    ON "customers"."customer_id" = "customers__advice"."customer_id"
  LEFT JOIN "gold"."fx_rates" AS "rates_of_it"
    ON "rates_of_it"."currency" = "sales"."currency"
    AND CAST(DATE_TRUNC('MONTH', CAST("rates_of_it"."month" AS DATE)) AS DATE) = CAST(DATE_TRUNC('MONTH', "sales"."sold_on") AS DATE)
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
)
SELECT
  "sales"."adviser",
  CAST(ROUND("sales"."local_revenue", 2) AS DECIMAL(38, 2)) AS "local_revenue"
FROM "sales"
ORDER BY
  "adviser" ASC;

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

-- must give no row
SELECT
  CAST("rates"."currency" AS TEXT),
  CAST(DATE_TRUNC('MONTH', CAST("rates"."month" AS DATE)) AS DATE)
FROM "gold"."fx_rates" AS "rates"
GROUP BY
  "rates"."currency",
  CAST(DATE_TRUNC('MONTH', CAST("rates"."month" AS DATE)) AS DATE)
HAVING
  COUNT(*) > 1
LIMIT 1;

-- must give no row
SELECT
  CAST("sales"."currency" AS TEXT) AS "currency",
  "sales"."sold_on" AS "day"
FROM "gold"."fct_sales" AS "sales"
LEFT JOIN "gold"."dim_customers" AS "customers"
  ON "sales"."customer_id" = "customers"."customer_id"
LEFT JOIN "gold"."dim_advice" AS "customers__advice"
  ON "customers"."customer_id" = "customers__advice"."customer_id"
LEFT JOIN "gold"."fx_rates" AS "rates_of_it"
  ON "rates_of_it"."currency" = "sales"."currency"
  AND CAST(DATE_TRUNC('MONTH', CAST("rates_of_it"."month" AS DATE)) AS DATE) = CAST(DATE_TRUNC('MONTH', "sales"."sold_on") AS DATE)
WHERE
  "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  AND (
    NOT (
      "sales"."local_amount"
    ) IS NULL
    AND (
      CASE
        WHEN "sales"."currency" = 'EUR'
        THEN 1
        ELSE CAST("rates_of_it"."average_rate" AS DECIMAL(38, 6))
      END
    ) IS NULL
  )
LIMIT 1;
