WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    COUNT(DISTINCT `sales`.`order_id`) AS `orders`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
), `compared` AS (
  SELECT
    `sales`.`region`,
    `sales`.`orders` AS `orders`
  FROM `sales`
), `folded` AS (
  SELECT
    `region`,
    `orders`
  FROM `compared`
  WHERE
    `orders` > 10
)
SELECT
  COUNT(*) AS `members`
FROM `folded`
WHERE
  NOT `folded`.`region` IS NULL;
