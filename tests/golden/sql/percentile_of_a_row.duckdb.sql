WITH "sales" AS (
  SELECT
    "customers"."region" AS "region",
    LIST_EXTRACT(
      ARRAY_AGG(
        CAST("sales"."net_amount" AS DECIMAL(38, 2)) ORDER BY CAST("sales"."net_amount" AS DECIMAL(38, 2))
      ) FILTER(WHERE
        NOT "sales"."net_amount" IS NULL),
      CAST(CEIL(COUNT(*) FILTER(WHERE
        NOT "sales"."net_amount" IS NULL) * 0.9) AS BIGINT)
    ) AS "high_line_there"
  FROM "gold"."fct_sales" AS "sales"
  LEFT JOIN "gold"."dim_customers" AS "customers"
    ON "sales"."customer_id" = "customers"."customer_id"
  WHERE
    (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  "sales"."region",
  "sales"."high_line_there" AS "high_line_there"
FROM "sales"
ORDER BY
  "region" ASC;

WITH "sales" AS (
  SELECT
    LIST_EXTRACT(
      ARRAY_AGG(
        CAST("sales"."net_amount" AS DECIMAL(38, 2)) ORDER BY CAST("sales"."net_amount" AS DECIMAL(38, 2))
      ) FILTER(WHERE
        NOT "sales"."net_amount" IS NULL),
      CAST(CEIL(COUNT(*) FILTER(WHERE
        NOT "sales"."net_amount" IS NULL) * 0.9) AS BIGINT)
    ) AS "high_line_there"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    (
      "sales"."status" IN ('completed', 'refunded')
    )
)
SELECT
  "sales"."high_line_there" AS "high_line_there"
FROM "sales";
