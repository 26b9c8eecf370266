WITH "sales" AS (
  SELECT
    CASE
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 1
      THEN 'Monday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 2
      THEN 'Tuesday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 3
      THEN 'Wednesday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 4
      THEN 'Thursday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 5
      THEN 'Friday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 6
      THEN 'Saturday'
      WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 7
      THEN 'Sunday'
    END AS "time.weekday",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    (
      NOT (
        CASE
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 1
          THEN 'Monday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 2
          THEN 'Tuesday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 3
          THEN 'Wednesday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 4
          THEN 'Thursday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 5
          THEN 'Friday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 6
          THEN 'Saturday'
          WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 7
          THEN 'Sunday'
        END IN ('Saturday', 'Sunday')
      )
      OR CASE
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 1
        THEN 'Monday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 2
        THEN 'Tuesday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 3
        THEN 'Wednesday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 4
        THEN 'Thursday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 5
        THEN 'Friday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 6
        THEN 'Saturday'
        WHEN EXTRACT(ISODOW FROM "sales"."sold_on") = 7
        THEN 'Sunday'
      END IS NULL
    )
    AND "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
), "accounts_rows" AS (
  SELECT
    "accounts"."day" AS "day",
    CASE
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 1
      THEN 'Monday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 2
      THEN 'Tuesday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 3
      THEN 'Wednesday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 4
      THEN 'Thursday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 5
      THEN 'Friday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 6
      THEN 'Saturday'
      WHEN EXTRACT(ISODOW FROM "accounts"."day") = 7
      THEN 'Sunday'
    END AS "time.weekday",
    "accounts"."amount" AS "cash__value",
    "accounts"."account" = 'Cash' AS "cash__kept",
    (
      NOT (
        CASE
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 1
          THEN 'Monday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 2
          THEN 'Tuesday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 3
          THEN 'Wednesday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 4
          THEN 'Thursday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 5
          THEN 'Friday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 6
          THEN 'Saturday'
          WHEN EXTRACT(ISODOW FROM "accounts"."day") = 7
          THEN 'Sunday'
        END IN ('Saturday', 'Sunday')
      )
      OR CASE
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 1
        THEN 'Monday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 2
        THEN 'Tuesday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 3
        THEN 'Wednesday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 4
        THEN 'Thursday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 5
        THEN 'Friday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 6
        THEN 'Saturday'
        WHEN EXTRACT(ISODOW FROM "accounts"."day") = 7
        THEN 'Sunday'
      END IS NULL
    ) AS "asked"
  FROM "gold"."fct_balances" AS "accounts"
  WHERE
    "accounts"."day" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), "accounts_taken" AS (
  SELECT
    MAX("rows"."day") AS "day"
  FROM "accounts_rows" AS "rows"
), "accounts" AS (
  SELECT
    "rows"."time.weekday" AS "time.weekday",
    SUM("rows"."cash__value") FILTER(WHERE
      "rows"."cash__kept") AS "cash"
  FROM "accounts_rows" AS "rows"
  JOIN "accounts_taken" AS "taken"
    ON "rows"."day" = "taken"."day"
  WHERE
    "rows"."asked" AND "rows"."cash__kept"
  GROUP BY
    1
), "groups" AS (
  SELECT
    "time.weekday"
  FROM "sales"
  UNION
  SELECT
    "time.weekday"
  FROM "accounts"
), "joined" AS (
  SELECT
    "groups"."time.weekday",
    "sales"."revenue" AS "revenue",
    "accounts"."cash" AS "cash"
  FROM "groups"
  LEFT JOIN "sales"
    ON "groups"."time.weekday" IS NOT DISTINCT FROM "sales"."time.weekday"
  LEFT JOIN "accounts"
    ON "groups"."time.weekday" IS NOT DISTINCT FROM "accounts"."time.weekday"
)
SELECT
  "joined"."time.weekday",
  "joined"."revenue" AS "revenue",
  "joined"."cash" AS "cash"
FROM "joined"
ORDER BY
  CASE
    WHEN "time.weekday" = 'Monday'
    THEN 0
    WHEN "time.weekday" = 'Tuesday'
    THEN 1
    WHEN "time.weekday" = 'Wednesday'
    THEN 2
    WHEN "time.weekday" = 'Thursday'
    THEN 3
    WHEN "time.weekday" = 'Friday'
    THEN 4
    WHEN "time.weekday" = 'Saturday'
    THEN 5
    WHEN "time.weekday" = 'Sunday'
    THEN 6
  END ASC;
