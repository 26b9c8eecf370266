WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    `sales`.`status` AS `status`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), `compared` AS (
  SELECT
    `sales`.`region`,
    `sales`.`status`,
    `sales`.`revenue` AS `revenue`
  FROM `sales`
), `ranked` AS (
  SELECT
    `region`,
    `status`,
    `revenue`,
    ROW_NUMBER() OVER (PARTITION BY `region` ORDER BY `revenue` DESC, `status` ASC NULLS LAST) AS `rank`
  FROM `compared`
  WHERE
    `revenue` > 10
)
SELECT
  `region`,
  `status`,
  `revenue`
FROM `ranked`
WHERE
  `rank` <= 3
ORDER BY
  `region` ASC NULLS LAST,
  `revenue` DESC,
  `status` ASC NULLS LAST;
