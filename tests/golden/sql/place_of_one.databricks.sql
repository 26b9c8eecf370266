WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    SUM(`sales`.`net_amount`) AS `revenue`,
    SUM(
      CAST(CAST(`sales`.`unit_cost` AS DECIMAL(31, 6)) * `sales`.`quantity` AS DECIMAL(31, 6))
    ) AS `cost`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `compared` AS (
  SELECT
    `sales`.`region`,
    CAST(CAST(`sales`.`revenue` - `sales`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`sales`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `margin`
  FROM `sales`
), `placed` AS (
  SELECT
    `region`,
    `margin`,
    RANK() OVER (ORDER BY `margin` DESC) AS `margin__place`,
    COUNT(*) OVER () AS `margin__of`
  FROM `compared`
)
SELECT
  `placed`.`region`,
  `placed`.`margin`,
  `placed`.`margin__place`,
  `placed`.`margin__of`
FROM `placed`
WHERE
  `placed`.`region` = 'EMEA';
