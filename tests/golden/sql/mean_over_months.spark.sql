WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
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
    1,
    2
), `folded` AS (
  SELECT
    `sales`.`region`,
    `sales`.`time.month`,
    `sales`.`revenue` AS `revenue`
  FROM `sales`
)
SELECT
  `folded`.`region`,
  CAST(CAST(SUM(`folded`.`revenue`) AS DECIMAL(28, 2)) / NULLIF(CAST(COUNT(`folded`.`revenue`) AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `revenue`
FROM `folded`
GROUP BY
  1
ORDER BY
  `region` ASC NULLS LAST;
