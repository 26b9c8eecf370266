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
), `plan_plan` AS (
  SELECT
    `plan`.`region` AS `region`,
    SUM(`plan`.`amount`) AS `planned`
  FROM `gold`.`fct_plan` AS `plan`
  WHERE
    `plan`.`month` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
), `groups` AS (
  SELECT
    `region`
  FROM `sales`
  UNION
  SELECT
    `region`
  FROM `plan_plan`
), `joined` AS (
  SELECT
    `groups`.`region`,
    `sales`.`revenue` AS `revenue`,
    `plan_plan`.`planned` AS `planned__plan`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`region` IS NOT DISTINCT FROM `sales`.`region`
  LEFT JOIN `plan_plan`
    ON `groups`.`region` IS NOT DISTINCT FROM `plan_plan`.`region`
), `result` AS (
  SELECT
    `joined`.`region`,
    `joined`.`revenue` AS `revenue`,
    `joined`.`planned__plan` AS `revenue__base`
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
  END AS `revenue__favourable`
FROM `result`
ORDER BY
  `region` ASC NULLS LAST;
