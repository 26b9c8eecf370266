WITH "sales" AS (
  SELECT
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    (
      "sales"."status" IN ('completed', 'refunded')
    )
)
SELECT
  "sales"."revenue" AS "revenue"
FROM "sales";
