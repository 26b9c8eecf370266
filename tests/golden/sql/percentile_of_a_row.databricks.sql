WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    GET(
      SORT_ARRAY(
        COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(27, 2))) FILTER(WHERE
          NOT `sales`.`net_amount` IS NULL)
      ),
      CAST(CEIL(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(27, 2))) FILTER(WHERE
              NOT `sales`.`net_amount` IS NULL)
          )
        ) AS DECIMAL(11, 0)) * 0.9
      ) AS INT) - 1
    ) AS `high_line_there`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  `sales`.`region`,
  `sales`.`high_line_there` AS `high_line_there`
FROM `sales`
ORDER BY
  `region` ASC NULLS LAST;

WITH `sales` AS (
  SELECT
    GET(
      SORT_ARRAY(
        COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(27, 2))) FILTER(WHERE
          NOT `sales`.`net_amount` IS NULL)
      ),
      CAST(CEIL(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(27, 2))) FILTER(WHERE
              NOT `sales`.`net_amount` IS NULL)
          )
        ) AS DECIMAL(11, 0)) * 0.9
      ) AS INT) - 1
    ) AS `high_line_there`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
)
SELECT
  `sales`.`high_line_there` AS `high_line_there`
FROM `sales`;
