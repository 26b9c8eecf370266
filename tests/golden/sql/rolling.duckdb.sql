WITH "windows_rolling_90_day" AS (
  SELECT
    "bucket",
    "first_day",
    "last_day"
  FROM (VALUES
    (
      CAST('2026-05-01' AS DATE),
      CAST('2026-03-03' AS DATE),
      CAST('2026-05-31' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2026-04-02' AS DATE),
      CAST('2026-06-30' AS DATE)
    )) AS "listed"("bucket", "first_day", "last_day")
), "sales_rolling_90_day" AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', "windows"."bucket") AS DATE) AS "time.month",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  JOIN "windows_rolling_90_day" AS "windows"
    ON "sales"."sold_on" BETWEEN "windows"."first_day" AND "windows"."last_day"
  WHERE
    (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  "sales_rolling_90_day"."time.month",
  "sales_rolling_90_day"."revenue" AS "revenue_90d"
FROM "sales_rolling_90_day"
ORDER BY
  "time.month" ASC;
