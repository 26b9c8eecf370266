WITH "people_days" AS (
  SELECT
    "bucket",
    "day",
    "days_in_it"
  FROM (VALUES
    (CAST('2026-06-28' AS DATE), CAST('2026-06-28' AS DATE), 3),
    (CAST('2026-06-28' AS DATE), CAST('2026-06-29' AS DATE), 3),
    (CAST('2026-06-28' AS DATE), CAST('2026-06-30' AS DATE), 3)) AS "listed"("bucket", "day", "days_in_it")
), "people" AS (
  SELECT
    SUM("daily"."average_posts") AS "average_posts__sum",
    MAX("daily"."days_in_it") AS "average_posts__count"
  FROM (
    SELECT
      "stock_days"."day" AS "day",
      SUM("people"."share") AS "average_posts",
      MAX("stock_days"."days_in_it") AS "days_in_it"
    FROM "gold"."dim_people" AS "people"
    JOIN "people_days" AS "stock_days"
      ON "people"."hired_on" <= "stock_days"."day"
      AND (
        "people"."left_on" IS NULL OR "people"."left_on" > "stock_days"."day"
      )
    GROUP BY
      1
  ) AS "daily"
)
SELECT
  CAST((
    2 * (
      CAST(CAST("people"."average_posts__sum" AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST("people"."average_posts__sum" AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS((
      CAST("people"."average_posts__count" AS INT128) * 100
    ))
  ) // NULLIF(2 * (
    CAST("people"."average_posts__count" AS INT128) * 100
  ), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "average_posts"
FROM "people";
