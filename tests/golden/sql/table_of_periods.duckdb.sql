WITH "sales" AS (
  SELECT
    CAST(CASE
      WHEN "sales"."sold_on" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
      THEN CASE
        WHEN "sales"."sold_on" < CAST('2025-06-30' AS DATE)
        THEN CASE
          WHEN "sales"."sold_on" < CAST('2024-12-30' AS DATE)
          THEN CASE
            WHEN "sales"."sold_on" < CAST('2024-09-30' AS DATE)
            THEN CAST('2024-07-01' AS DATE)
            ELSE CAST('2024-09-30' AS DATE)
          END
          ELSE CASE
            WHEN "sales"."sold_on" < CAST('2025-03-31' AS DATE)
            THEN CAST('2024-12-30' AS DATE)
            ELSE CAST('2025-03-31' AS DATE)
          END
        END
        ELSE CASE
          WHEN "sales"."sold_on" < CAST('2025-12-27' AS DATE)
          THEN CASE
            WHEN "sales"."sold_on" < CAST('2025-09-27' AS DATE)
            THEN CAST('2025-06-30' AS DATE)
            ELSE CAST('2025-09-27' AS DATE)
          END
          ELSE CASE
            WHEN "sales"."sold_on" < CAST('2026-03-28' AS DATE)
            THEN CAST('2025-12-27' AS DATE)
            ELSE CAST('2026-03-28' AS DATE)
          END
        END
      END
    END AS DATE) AS "time.fiscal_quarter",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-06-30' AS DATE) AND CAST('2026-03-27' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
), "accounts_rows" AS (
  SELECT
    CAST(CASE
      WHEN "accounts"."day" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
      THEN CASE
        WHEN "accounts"."day" < CAST('2025-06-30' AS DATE)
        THEN CASE
          WHEN "accounts"."day" < CAST('2024-12-30' AS DATE)
          THEN CASE
            WHEN "accounts"."day" < CAST('2024-09-30' AS DATE)
            THEN CAST('2024-07-01' AS DATE)
            ELSE CAST('2024-09-30' AS DATE)
          END
          ELSE CASE
            WHEN "accounts"."day" < CAST('2025-03-31' AS DATE)
            THEN CAST('2024-12-30' AS DATE)
            ELSE CAST('2025-03-31' AS DATE)
          END
        END
        ELSE CASE
          WHEN "accounts"."day" < CAST('2025-12-27' AS DATE)
          THEN CASE
            WHEN "accounts"."day" < CAST('2025-09-27' AS DATE)
            THEN CAST('2025-06-30' AS DATE)
            ELSE CAST('2025-09-27' AS DATE)
          END
          ELSE CASE
            WHEN "accounts"."day" < CAST('2026-03-28' AS DATE)
            THEN CAST('2025-12-27' AS DATE)
            ELSE CAST('2026-03-28' AS DATE)
          END
        END
      END
    END AS DATE) AS "bucket",
    "accounts"."day" AS "day",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept"
  FROM "gold"."fct_balances" AS "accounts"
  WHERE
    "accounts"."day" BETWEEN CAST('2025-06-30' AS DATE) AND CAST('2026-03-27' AS DATE)
), "accounts_taken" AS (
  SELECT
    "rows"."bucket",
    MAX("rows"."day") AS "day"
  FROM "accounts_rows" AS "rows"
  GROUP BY
    1
), "accounts" AS (
  SELECT
    "rows"."bucket" AS "time.fiscal_quarter",
    SUM("rows"."cash__value") FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_rows" AS "rows"
  JOIN "accounts_taken" AS "taken"
    ON "rows"."bucket" IS NOT DISTINCT FROM "taken"."bucket"
    AND "rows"."day" = "taken"."day"
  WHERE
    "rows"."cash__kept"
  GROUP BY
    1
), "windows_base" AS (
  SELECT
    "bucket",
    "first_day",
    "last_day",
    "period"
  FROM (VALUES
    (
      CAST('2025-06-30' AS DATE),
      CAST('2024-07-01' AS DATE),
      CAST('2024-09-29' AS DATE),
      CAST('2024-07-01' AS DATE)
    ),
    (
      CAST('2025-09-27' AS DATE),
      CAST('2024-09-30' AS DATE),
      CAST('2024-12-29' AS DATE),
      CAST('2024-09-30' AS DATE)
    ),
    (
      CAST('2025-12-27' AS DATE),
      CAST('2024-12-30' AS DATE),
      CAST('2025-03-30' AS DATE),
      CAST('2024-12-30' AS DATE)
    )) AS "listed"("bucket", "first_day", "last_day", "period")
), "sales_base" AS (
  SELECT
    CAST(CASE
      WHEN "windows"."bucket" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
      THEN CASE
        WHEN "windows"."bucket" < CAST('2025-06-30' AS DATE)
        THEN CASE
          WHEN "windows"."bucket" < CAST('2024-12-30' AS DATE)
          THEN CASE
            WHEN "windows"."bucket" < CAST('2024-09-30' AS DATE)
            THEN CAST('2024-07-01' AS DATE)
            ELSE CAST('2024-09-30' AS DATE)
          END
          ELSE CASE
            WHEN "windows"."bucket" < CAST('2025-03-31' AS DATE)
            THEN CAST('2024-12-30' AS DATE)
            ELSE CAST('2025-03-31' AS DATE)
          END
        END
        ELSE CASE
          WHEN "windows"."bucket" < CAST('2025-12-27' AS DATE)
          THEN CASE
            WHEN "windows"."bucket" < CAST('2025-09-27' AS DATE)
            THEN CAST('2025-06-30' AS DATE)
            ELSE CAST('2025-09-27' AS DATE)
          END
          ELSE CASE
            WHEN "windows"."bucket" < CAST('2026-03-28' AS DATE)
            THEN CAST('2025-12-27' AS DATE)
            ELSE CAST('2026-03-28' AS DATE)
          END
        END
      END
    END AS DATE) AS "time.fiscal_quarter",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  JOIN "windows_base" AS "windows"
    ON CAST(CASE
      WHEN "sales"."sold_on" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
      THEN CASE
        WHEN "sales"."sold_on" < CAST('2025-06-30' AS DATE)
        THEN CASE
          WHEN "sales"."sold_on" < CAST('2024-12-30' AS DATE)
          THEN CASE
            WHEN "sales"."sold_on" < CAST('2024-09-30' AS DATE)
            THEN CAST('2024-07-01' AS DATE)
            ELSE CAST('2024-09-30' AS DATE)
          END
          ELSE CASE
            WHEN "sales"."sold_on" < CAST('2025-03-31' AS DATE)
            THEN CAST('2024-12-30' AS DATE)
            ELSE CAST('2025-03-31' AS DATE)
          END
        END
        ELSE CASE
          WHEN "sales"."sold_on" < CAST('2025-12-27' AS DATE)
          THEN CASE
            WHEN "sales"."sold_on" < CAST('2025-09-27' AS DATE)
            THEN CAST('2025-06-30' AS DATE)
            ELSE CAST('2025-09-27' AS DATE)
          END
          ELSE CASE
            WHEN "sales"."sold_on" < CAST('2026-03-28' AS DATE)
            THEN CAST('2025-12-27' AS DATE)
            ELSE CAST('2026-03-28' AS DATE)
          END
        END
      END
    END AS DATE) = "windows"."period"
    AND "sales"."sold_on" BETWEEN "windows"."first_day" AND "windows"."last_day"
  WHERE
    (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
), "accounts_base_rows" AS (
  SELECT
    "windows"."bucket" AS "bucket",
    "accounts"."day" AS "day",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept"
  FROM "gold"."fct_balances" AS "accounts"
  JOIN "windows_base" AS "windows"
    ON CAST(CASE
      WHEN "accounts"."day" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
      THEN CASE
        WHEN "accounts"."day" < CAST('2025-06-30' AS DATE)
        THEN CASE
          WHEN "accounts"."day" < CAST('2024-12-30' AS DATE)
          THEN CASE
            WHEN "accounts"."day" < CAST('2024-09-30' AS DATE)
            THEN CAST('2024-07-01' AS DATE)
            ELSE CAST('2024-09-30' AS DATE)
          END
          ELSE CASE
            WHEN "accounts"."day" < CAST('2025-03-31' AS DATE)
            THEN CAST('2024-12-30' AS DATE)
            ELSE CAST('2025-03-31' AS DATE)
          END
        END
        ELSE CASE
          WHEN "accounts"."day" < CAST('2025-12-27' AS DATE)
          THEN CASE
            WHEN "accounts"."day" < CAST('2025-09-27' AS DATE)
            THEN CAST('2025-06-30' AS DATE)
            ELSE CAST('2025-09-27' AS DATE)
          END
          ELSE CASE
            WHEN "accounts"."day" < CAST('2026-03-28' AS DATE)
            THEN CAST('2025-12-27' AS DATE)
            ELSE CAST('2026-03-28' AS DATE)
          END
        END
      END
    END AS DATE) = "windows"."period"
    AND "accounts"."day" BETWEEN "windows"."first_day" AND "windows"."last_day"
), "accounts_base_taken" AS (
  SELECT
    "rows"."bucket",
    MAX("rows"."day") AS "day"
  FROM "accounts_base_rows" AS "rows"
  GROUP BY
    1
), "accounts_base" AS (
  SELECT
    "rows"."bucket" AS "time.fiscal_quarter",
    SUM("rows"."cash__value") FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_base_rows" AS "rows"
  JOIN "accounts_base_taken" AS "taken"
    ON "rows"."bucket" IS NOT DISTINCT FROM "taken"."bucket"
    AND "rows"."day" = "taken"."day"
  WHERE
    "rows"."cash__kept"
  GROUP BY
    1
), "groups" AS (
  SELECT
    "time.fiscal_quarter"
  FROM "sales"
  UNION
  SELECT
    "time.fiscal_quarter"
  FROM "accounts"
  UNION
  SELECT
    "time.fiscal_quarter"
  FROM "sales_base"
  UNION
  SELECT
    "time.fiscal_quarter"
  FROM "accounts_base"
), "joined" AS (
  SELECT
    "groups"."time.fiscal_quarter",
    "sales"."revenue" AS "revenue",
    "accounts"."cash" AS "cash",
    "sales_base"."revenue" AS "revenue__base",
    "accounts_base"."cash" AS "cash__base"
  FROM "groups"
  LEFT JOIN "sales"
    ON "groups"."time.fiscal_quarter" IS NOT DISTINCT FROM "sales"."time.fiscal_quarter"
  LEFT JOIN "accounts"
    ON "groups"."time.fiscal_quarter" IS NOT DISTINCT FROM "accounts"."time.fiscal_quarter"
  LEFT JOIN "sales_base"
    ON "groups"."time.fiscal_quarter" IS NOT DISTINCT FROM "sales_base"."time.fiscal_quarter"
  LEFT JOIN "accounts_base"
    ON "groups"."time.fiscal_quarter" IS NOT DISTINCT FROM "accounts_base"."time.fiscal_quarter"
), "result" AS (
  SELECT
    "joined"."time.fiscal_quarter",
    "joined"."revenue" AS "revenue",
    "joined"."revenue__base" AS "revenue__base",
    "joined"."cash" AS "cash",
    "joined"."cash__base" AS "cash__base"
  FROM "joined"
)
SELECT
  "result"."time.fiscal_quarter",
  "result"."revenue" AS "revenue",
  "result"."revenue__base" AS "revenue__base",
  "result"."revenue" - "result"."revenue__base" AS "revenue__difference",
  CAST((
    2 * (
      CAST(CAST((
        "result"."revenue" - "result"."revenue__base"
      ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST((
          "result"."revenue" - "result"."revenue__base"
        ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS(CAST(CAST(ABS("result"."revenue__base") AS DECIMAL(38, 2)) * 100 AS INT128))
  ) // NULLIF(2 * CAST(CAST(ABS("result"."revenue__base") AS DECIMAL(38, 2)) * 100 AS INT128), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "revenue__percent",
  CASE
    WHEN "result"."revenue" > "result"."revenue__base"
    THEN TRUE
    WHEN "result"."revenue" < "result"."revenue__base"
    THEN FALSE
  END AS "revenue__favourable",
  "result"."cash" AS "cash",
  "result"."cash__base" AS "cash__base",
  "result"."cash" - "result"."cash__base" AS "cash__difference",
  CAST((
    2 * (
      CAST(CAST((
        "result"."cash" - "result"."cash__base"
      ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST((
          "result"."cash" - "result"."cash__base"
        ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS(CAST(CAST(ABS("result"."cash__base") AS DECIMAL(38, 2)) * 100 AS INT128))
  ) // NULLIF(2 * CAST(CAST(ABS("result"."cash__base") AS DECIMAL(38, 2)) * 100 AS INT128), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "cash__percent",
  CAST(NULL AS BOOLEAN) AS "cash__favourable"
FROM "result"
ORDER BY
  "time.fiscal_quarter" ASC;

WITH "sales" AS (
  SELECT
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-06-30' AS DATE) AND CAST('2026-03-27' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
), "accounts_rows" AS (
  SELECT
    "accounts"."day" AS "day",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept"
  FROM "gold"."fct_balances" AS "accounts"
  WHERE
    "accounts"."day" BETWEEN CAST('2025-06-30' AS DATE) AND CAST('2026-03-27' AS DATE)
), "accounts_taken" AS (
  SELECT
    MAX("rows"."day") AS "day"
  FROM "accounts_rows" AS "rows"
), "accounts" AS (
  SELECT
    SUM("rows"."cash__value") FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_rows" AS "rows"
  JOIN "accounts_taken" AS "taken"
    ON "rows"."day" = "taken"."day"
  WHERE
    "rows"."cash__kept"
), "sales_base" AS (
  SELECT
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2025-03-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
), "accounts_base_rows" AS (
  SELECT
    "accounts"."day" AS "day",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept"
  FROM "gold"."fct_balances" AS "accounts"
  WHERE
    "accounts"."day" BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2025-03-30' AS DATE)
), "accounts_base_taken" AS (
  SELECT
    MAX("rows"."day") AS "day"
  FROM "accounts_base_rows" AS "rows"
), "accounts_base" AS (
  SELECT
    SUM("rows"."cash__value") FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_base_rows" AS "rows"
  JOIN "accounts_base_taken" AS "taken"
    ON "rows"."day" = "taken"."day"
  WHERE
    "rows"."cash__kept"
), "joined" AS (
  SELECT
    "sales"."revenue" AS "revenue",
    "accounts"."cash" AS "cash",
    "sales_base"."revenue" AS "revenue__base",
    "accounts_base"."cash" AS "cash__base"
  FROM "sales"
  CROSS JOIN "accounts"
  CROSS JOIN "sales_base"
  CROSS JOIN "accounts_base"
), "result" AS (
  SELECT
    "joined"."revenue" AS "revenue",
    "joined"."revenue__base" AS "revenue__base",
    "joined"."cash" AS "cash",
    "joined"."cash__base" AS "cash__base"
  FROM "joined"
)
SELECT
  "result"."revenue" AS "revenue",
  "result"."revenue__base" AS "revenue__base",
  "result"."revenue" - "result"."revenue__base" AS "revenue__difference",
  CAST((
    2 * (
      CAST(CAST((
        "result"."revenue" - "result"."revenue__base"
      ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST((
          "result"."revenue" - "result"."revenue__base"
        ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS(CAST(CAST(ABS("result"."revenue__base") AS DECIMAL(38, 2)) * 100 AS INT128))
  ) // NULLIF(2 * CAST(CAST(ABS("result"."revenue__base") AS DECIMAL(38, 2)) * 100 AS INT128), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "revenue__percent",
  CASE
    WHEN "result"."revenue" > "result"."revenue__base"
    THEN TRUE
    WHEN "result"."revenue" < "result"."revenue__base"
    THEN FALSE
  END AS "revenue__favourable",
  "result"."cash" AS "cash",
  "result"."cash__base" AS "cash__base",
  "result"."cash" - "result"."cash__base" AS "cash__difference",
  CAST((
    2 * (
      CAST(CAST((
        "result"."cash" - "result"."cash__base"
      ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
    ) + SIGN(
      (
        CAST(CAST((
          "result"."cash" - "result"."cash__base"
        ) AS DECIMAL(38, 2)) * 100 AS INT128) * 1000000000000
      )
    ) * ABS(CAST(CAST(ABS("result"."cash__base") AS DECIMAL(38, 2)) * 100 AS INT128))
  ) // NULLIF(2 * CAST(CAST(ABS("result"."cash__base") AS DECIMAL(38, 2)) * 100 AS INT128), 0) AS DECIMAL(38, 0)) * CAST(0.000000000001 AS DECIMAL(38, 12)) AS "cash__percent",
  CAST(NULL AS BOOLEAN) AS "cash__favourable"
FROM "result";
