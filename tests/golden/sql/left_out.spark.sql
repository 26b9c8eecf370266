WITH `sales` AS (
  SELECT
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `customers`.`region` <> 'EMEA' OR `customers`.`region` IS NULL
    )
    AND (
      NOT (
        `sales`.`status` IN ('failed', 'pending')
      ) OR `sales`.`status` IS NULL
    )
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
)
SELECT
  `sales`.`revenue` AS `revenue`
FROM `sales`;
