WITH "accounts_rows" AS (
  SELECT
    CAST(DATE_TRUNC('QUARTER', "accounts"."day") AS DATE) AS "bucket",
    "accounts"."day" AS "day",
    "owners"."owner" AS "owner",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept",
    (
      COALESCE(CAST("owners"."share" AS DECIMAL(38, 2)), 1)
    ) AS "weight_1"
  FROM "gold"."fct_balances" AS "accounts"
  LEFT JOIN "gold"."dim_owners" AS "owners"
    ON "accounts"."account" = "owners"."account"
  WHERE
    "accounts"."day" BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), "accounts_taken" AS (
  SELECT
    "rows"."bucket",
    MAX("rows"."day") AS "day"
  FROM "accounts_rows" AS "rows"
  GROUP BY
    1
), "accounts" AS (
  SELECT
    "rows"."owner" AS "owner",
    "rows"."bucket" AS "time.quarter",
    SUM(
      (
        CAST("rows"."cash__value" AS DECIMAL(38, 2)) * CAST("rows"."weight_1" AS DECIMAL(38, 2))
      )
    ) FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_rows" AS "rows"
  JOIN "accounts_taken" AS "taken"
    ON "rows"."bucket" IS NOT DISTINCT FROM "taken"."bucket"
    AND "rows"."day" = "taken"."day"
  WHERE
    "rows"."cash__kept"
  GROUP BY
    1,
    2
), "accounts_2_rows" AS (
  SELECT
    CAST(DATE_TRUNC('QUARTER', "accounts"."day") AS DATE) AS "bucket",
    "accounts"."day" AS "day",
    "owners"."owner" AS "owner",
    "accounts"."amount" AS "average_cash__value",
    (
      COALESCE(CAST("owners"."share" AS DECIMAL(38, 2)), 1)
    ) AS "weight_1"
  FROM "gold"."fct_balances" AS "accounts"
  LEFT JOIN "gold"."dim_owners" AS "owners"
    ON "accounts"."account" = "owners"."account"
  WHERE
    "accounts"."day" BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), "accounts_2_taken" AS (
  SELECT
    "rows"."bucket",
    COUNT(DISTINCT "rows"."day") AS "days"
  FROM "accounts_2_rows" AS "rows"
  GROUP BY
    1
), "accounts_2" AS (
  SELECT
    "rows"."owner" AS "owner",
    "rows"."bucket" AS "time.quarter",
    SUM(
      (
        CAST("rows"."average_cash__value" AS DECIMAL(38, 2)) * CAST("rows"."weight_1" AS DECIMAL(38, 2))
      )
    ) AS "average_cash__sum",
    MAX("taken"."days") AS "average_cash__count"
  FROM "accounts_2_rows" AS "rows"
  JOIN "accounts_2_taken" AS "taken"
    ON "rows"."bucket" IS NOT DISTINCT FROM "taken"."bucket"
  GROUP BY
    1,
    2
), "groups" AS (
  SELECT
    "owner",
    "time.quarter"
  FROM "accounts"
  UNION
  SELECT
    "owner",
    "time.quarter"
  FROM "accounts_2"
), "joined" AS (
  SELECT
    "groups"."owner",
    "groups"."time.quarter",
    "accounts"."cash" AS "cash",
    "accounts_2"."average_cash__sum" AS "average_cash__sum",
    "accounts_2"."average_cash__count" AS "average_cash__count"
  FROM "groups"
  LEFT JOIN "accounts"
    ON "groups"."owner" IS NOT DISTINCT FROM "accounts"."owner"
    AND "groups"."time.quarter" IS NOT DISTINCT FROM "accounts"."time.quarter"
  LEFT JOIN "accounts_2"
    ON "groups"."owner" IS NOT DISTINCT FROM "accounts_2"."owner"
    AND "groups"."time.quarter" IS NOT DISTINCT FROM "accounts_2"."time.quarter"
)
SELECT
  "joined"."owner",
  "joined"."time.quarter",
  "joined"."cash" AS "cash",
  CAST((
    2 * (
      CAST(CAST("joined"."average_cash__sum" AS DECIMAL(38, 4)) * 10000 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST("joined"."average_cash__sum" AS DECIMAL(38, 4)) * 10000 AS INT128) * 1000000000000
      )
    ) * ABS((
      CAST("joined"."average_cash__count" AS INT128) * 10000
    ))
  ) // NULLIF(2 * (
    CAST("joined"."average_cash__count" AS INT128) * 10000
  ), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "average_cash"
FROM "joined"
ORDER BY
  "time.quarter" ASC,
  "owner" ASC;

-- must give no row
SELECT
  1 AS "wrong"
FROM "gold"."dim_owners" AS "owners"
WHERE
  NOT "owners"."account" IS NULL
GROUP BY
  "owners"."account"
HAVING
  SUM(CAST("owners"."share" AS DECIMAL(38, 2))) <> 1
  OR COUNT(CAST("owners"."share" AS DECIMAL(38, 2))) < COUNT(*)
  OR MIN(CAST("owners"."share" AS DECIMAL(38, 2))) < 0
LIMIT 1;
