WITH `sales_members__sales` AS (
  SELECT
    `customers`.`customer_id` AS `member_1`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  GROUP BY
    1
), `sales_members` AS (
  SELECT
    `sales`.`member_1`
  FROM `sales_members__sales` AS `sales`
  WHERE
    `sales`.`revenue` >= 10000
), `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `large`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-02-27' AS DATE) AND CAST('2026-03-02' AS DATE)
    AND EXISTS(
      SELECT
        1
      FROM `sales_members`
      WHERE
        `sales_members`.`member_1` = `customers`.`customer_id`
    )
  GROUP BY
    1
)
SELECT
  `sales`.`time.month`,
  `sales`.`large` AS `large`
FROM `sales`
ORDER BY
  `time.month` ASC NULLS LAST;
