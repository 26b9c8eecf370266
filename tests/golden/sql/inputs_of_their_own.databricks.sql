WITH `sales_where_0aba003835` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `customers`.`region` = 'EMEA'
    )
    AND `sales`.`sold_on` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `windows_1_month_back_where_0aba003835` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-04-01' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-31' AS DATE),
      CAST('2026-03-01' AS DATE)
    ),
    (
      CAST('2026-05-01' AS DATE),
      CAST('2026-04-01' AS DATE),
      CAST('2026-04-30' AS DATE),
      CAST('2026-04-01' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2026-05-01' AS DATE),
      CAST('2026-05-31' AS DATE),
      CAST('2026-05-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_1_month_back_where_0aba003835` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `windows_1_month_back_where_0aba003835` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    (
      `customers`.`region` = 'EMEA'
    )
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `groups` AS (
  SELECT
    `time.month`
  FROM `sales_where_0aba003835`
  UNION
  SELECT
    `time.month`
  FROM `sales_1_month_back_where_0aba003835`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `sales_where_0aba003835`.`revenue` AS `revenue__where_0aba003835`,
    `sales_1_month_back_where_0aba003835`.`revenue` AS `revenue__1_month_back_where_0aba003835`
  FROM `groups`
  LEFT JOIN `sales_where_0aba003835`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_where_0aba003835`.`time.month`
  LEFT JOIN `sales_1_month_back_where_0aba003835`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_1_month_back_where_0aba003835`.`time.month`
)
SELECT
  `joined`.`time.month`,
  CAST(CAST(`joined`.`revenue__where_0aba003835` - `joined`.`revenue__1_month_back_where_0aba003835` AS DECIMAL(26, 2)) / NULLIF(CAST(`joined`.`revenue__1_month_back_where_0aba003835` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `emea_growth`
FROM `joined`
ORDER BY
  `time.month` ASC NULLS LAST;

WITH `sales_where_0aba003835` AS (
  SELECT
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `customers`.`region` = 'EMEA'
    )
    AND `sales`.`sold_on` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
), `sales_1_month_back_where_0aba003835` AS (
  SELECT
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    (
      `customers`.`region` = 'EMEA'
    )
    AND `sales`.`sold_on` BETWEEN CAST('2026-03-01' AS DATE) AND CAST('2026-05-31' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
), `joined` AS (
  SELECT
    `sales_where_0aba003835`.`revenue` AS `revenue__where_0aba003835`,
    `sales_1_month_back_where_0aba003835`.`revenue` AS `revenue__1_month_back_where_0aba003835`
  FROM `sales_where_0aba003835`
  CROSS JOIN `sales_1_month_back_where_0aba003835`
)
SELECT
  CAST(CAST(`joined`.`revenue__where_0aba003835` - `joined`.`revenue__1_month_back_where_0aba003835` AS DECIMAL(26, 2)) / NULLIF(CAST(`joined`.`revenue__1_month_back_where_0aba003835` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `emea_growth`
FROM `joined`;
