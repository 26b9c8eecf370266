WITH "sales" AS (
  SELECT
    "tiers"."tier" AS "tier",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_tiers" AS "tiers"
    ON "sales"."customer_id" = "tiers"."customer_id"
    AND (
      "tiers"."since" <= "sales"."sold_on"
      AND (
        "tiers"."until" IS NULL OR "tiers"."until" > "sales"."sold_on"
      )
    )
  WHERE
    "sales"."sold_on" BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  "sales"."tier",
  "sales"."revenue" AS "revenue"
FROM "sales"
ORDER BY
  "tier" ASC;

-- must give no row
SELECT
  1
FROM (
  SELECT
    "tiers"."until" AS "until",
    LEAD("tiers"."since") OVER (PARTITION BY "tiers"."customer_id" ORDER BY "tiers"."since") AS "following"
  FROM "gold"."dim_tiers" AS "tiers"
  WHERE
    NOT "tiers"."customer_id" IS NULL AND NOT "tiers"."since" IS NULL
) AS "versions"
WHERE
  "versions"."following" < "versions"."until"
  OR (
    "versions"."until" IS NULL AND NOT "versions"."following" IS NULL
  )
LIMIT 1;
