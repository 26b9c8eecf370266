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
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `ranked` AS (
  SELECT
    `sales`.`region`,
    `sales`.`revenue`,
    `sales`.`cost`,
    ROW_NUMBER() OVER (
      ORDER BY CAST(CAST(`sales`.`revenue` - `sales`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`sales`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) DESC, `sales`.`region` NULLS LAST
    ) AS `rank`
  FROM `sales`
), `with_others` AS (
  SELECT
    CASE WHEN `rank` <= 3 THEN CAST(`region` AS STRING) ELSE 'Others' END AS `region`,
    CASE WHEN `rank` <= 3 THEN `rank` ELSE 4 END AS `rank`,
    SUM(`revenue`) AS `revenue`,
    SUM(`cost`) AS `cost`
  FROM `ranked`
  GROUP BY
    1,
    2
), `compared` AS (
  SELECT
    `with_others`.`region`,
    CAST(CAST(`with_others`.`revenue` - `with_others`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`with_others`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `margin`,
    `with_others`.`rank`
  FROM `with_others`
)
SELECT
  `region`,
  `margin`
FROM `compared`
ORDER BY
  `rank` NULLS LAST;
