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
), "plan" AS (
  SELECT
    "plan"."region" AS "region",
    CAST(DATE_TRUNC('MONTH', "plan"."month") AS DATE) AS "time.month",
    SUM("plan"."amount") AS "planned"
  FROM "gold"."fct_plan" AS "plan"
  WHERE
    "plan"."month" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1,
    2
), "groups" AS (
  SELECT
    "region",
    "time.month"
  FROM "sales"
  UNION
  SELECT
    "region",
    "time.month"
  FROM "plan"
), "joined" AS (
  SELECT
    "groups"."region",
    "groups"."time.month",
    "sales"."revenue" AS "revenue",
    "plan"."planned" AS "planned"
  FROM "groups"
  LEFT JOIN "sales"
    ON "groups"."region" IS NOT DISTINCT FROM "sales"."region"
    AND "groups"."time.month" IS NOT DISTINCT FROM "sales"."time.month"
  LEFT JOIN "plan"
    ON "groups"."region" IS NOT DISTINCT FROM "plan"."region"
    AND "groups"."time.month" IS NOT DISTINCT FROM "plan"."time.month"
)
SELECT
  "joined"."region",
  "joined"."time.month",
  "joined"."revenue" AS "revenue",
  "joined"."planned" AS "planned"
FROM "joined"
ORDER BY
  "time.month" ASC,
  "region" ASC;
