WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    SUM(`sales`.`net_amount`) AS `revenue`
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
), `sales_base` AS (
  SELECT
    `customers`.`region` AS `region`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2025-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `groups` AS (
  SELECT
    `region`
  FROM `sales`
  UNION
  SELECT
    `region`
  FROM `sales_base`
), `joined` AS (
  SELECT
    `groups`.`region`,
    `sales`.`revenue` AS `revenue`,
    `sales_base`.`revenue` AS `revenue__base`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`region` IS NOT DISTINCT FROM `sales`.`region`
  LEFT JOIN `sales_base`
    ON `groups`.`region` IS NOT DISTINCT FROM `sales_base`.`region`
), `result` AS (
  SELECT
    `joined`.`region`,
    `joined`.`revenue` AS `revenue`,
    `joined`.`revenue__base` AS `revenue__base`
  FROM `joined`
)
SELECT
  `result`.`region`,
  `result`.`revenue` AS `revenue`,
  `result`.`revenue__base` AS `revenue__base`,
  `result`.`revenue` - `result`.`revenue__base` AS `revenue__difference`,
  CAST(CAST((
    `result`.`revenue` - `result`.`revenue__base`
  ) AS DECIMAL(26, 2)) / NULLIF(CAST(ABS(`result`.`revenue__base`) AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `revenue__percent`,
  CASE
    WHEN `result`.`revenue` > `result`.`revenue__base`
    THEN TRUE
    WHEN `result`.`revenue` < `result`.`revenue__base`
    THEN FALSE
  END AS `revenue__favourable`,
  CAST(CAST((
    COALESCE(`result`.`revenue`, 0) - COALESCE(`result`.`revenue__base`, 0)
  ) AS DECIMAL(26, 2)) / NULLIF(
    CAST(ABS(CAST(SUM(`result`.`revenue__base`) OVER () AS DECIMAL(27, 2))) AS DECIMAL(38, 2)),
    0
  ) AS DECIMAL(37, 12)) AS `revenue__contribution`
FROM `result`
ORDER BY
  `region` ASC NULLS LAST;
