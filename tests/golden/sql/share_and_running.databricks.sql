WITH `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
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
    1,
    2
)
SELECT
  `sales`.`time.month`,
  `sales`.`region`,
  `sales`.`revenue` AS `revenue`,
  CAST(CAST(`sales`.`revenue` AS DECIMAL(26, 2)) / NULLIF(
    CAST(SUM(`sales`.`revenue`) OVER (PARTITION BY `sales`.`time.month`) AS DECIMAL(38, 2)),
    0
  ) AS DECIMAL(37, 12)) AS `revenue__share`,
  SUM(`sales`.`revenue`) OVER (PARTITION BY `sales`.`region` ORDER BY `sales`.`time.month` NULLS LAST) AS `revenue__running`
FROM `sales`
ORDER BY
  `time.month` ASC NULLS LAST,
  `region` ASC NULLS LAST;
