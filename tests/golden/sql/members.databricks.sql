WITH `sales_members__sales` AS (
  SELECT
    `customers`.`customer_id` AS `member_1`,
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`,
    SUM(
      CAST(CAST(`sales`.`unit_cost` AS DECIMAL(31, 6)) * `sales`.`quantity` AS DECIMAL(31, 6))
    ) AS `cost`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), `sales_members` AS (
  SELECT
    `sales`.`member_1`,
    `sales`.`time.month` AS `bucket`
  FROM `sales_members__sales` AS `sales`
  WHERE
    `sales`.`revenue` >= 10000
    AND CAST(CAST(`sales`.`revenue` - `sales`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`sales`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) > 0.2
), `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    `sales`.`status` AS `status`,
    COUNT(DISTINCT `sales`.`customer_id`) AS `large_buyers`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `customers`.`region` = 'EMEA'
    AND `sales`.`sold_on` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND EXISTS(
      SELECT
        1
      FROM `sales_members`
      WHERE
        `sales_members`.`member_1` = `customers`.`customer_id`
        AND `sales_members`.`bucket` IS NOT DISTINCT FROM CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
    )
  GROUP BY
    1,
    2
), `windows_base` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-04-01' AS DATE),
      CAST('2025-04-01' AS DATE),
      CAST('2025-04-30' AS DATE),
      CAST('2025-04-01' AS DATE)
    ),
    (
      CAST('2026-05-01' AS DATE),
      CAST('2025-05-01' AS DATE),
      CAST('2025-05-31' AS DATE),
      CAST('2025-05-01' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2025-06-01' AS DATE),
      CAST('2025-06-30' AS DATE),
      CAST('2025-06-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_base_members__windows` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-04-01' AS DATE),
      CAST('2025-04-01' AS DATE),
      CAST('2025-04-30' AS DATE),
      CAST('2025-04-01' AS DATE)
    ),
    (
      CAST('2026-05-01' AS DATE),
      CAST('2025-05-01' AS DATE),
      CAST('2025-05-31' AS DATE),
      CAST('2025-05-01' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2025-06-01' AS DATE),
      CAST('2025-06-30' AS DATE),
      CAST('2025-06-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_base_members__sales` AS (
  SELECT
    `customers`.`customer_id` AS `member_1`,
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`,
    SUM(
      CAST(CAST(`sales`.`unit_cost` AS DECIMAL(31, 6)) * `sales`.`quantity` AS DECIMAL(31, 6))
    ) AS `cost`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `sales_base_members__windows` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), `sales_base_members` AS (
  SELECT
    `sales`.`member_1`,
    `sales`.`time.month` AS `bucket`
  FROM `sales_base_members__sales` AS `sales`
  WHERE
    `sales`.`revenue` >= 10000
    AND CAST(CAST(`sales`.`revenue` - `sales`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`sales`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) > 0.2
), `sales_base` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    `sales`.`status` AS `status`,
    COUNT(DISTINCT `sales`.`customer_id`) AS `large_buyers`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `windows_base` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    `customers`.`region` = 'EMEA'
    AND EXISTS(
      SELECT
        1
      FROM `sales_base_members`
      WHERE
        `sales_base_members`.`member_1` = `customers`.`customer_id`
        AND `sales_base_members`.`bucket` IS NOT DISTINCT FROM CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE)
    )
  GROUP BY
    1,
    2
), `groups` AS (
  SELECT
    `time.month`,
    `status`
  FROM `sales`
  UNION
  SELECT
    `time.month`,
    `status`
  FROM `sales_base`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `groups`.`status`,
    COALESCE(`sales`.`large_buyers`, 0) AS `large_buyers`,
    COALESCE(`sales_base`.`large_buyers`, 0) AS `large_buyers__base`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales`.`time.month`
    AND `groups`.`status` IS NOT DISTINCT FROM `sales`.`status`
  LEFT JOIN `sales_base`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_base`.`time.month`
    AND `groups`.`status` IS NOT DISTINCT FROM `sales_base`.`status`
), `result` AS (
  SELECT
    `joined`.`time.month`,
    `joined`.`status`,
    `joined`.`large_buyers` AS `large_buyers`,
    `joined`.`large_buyers__base` AS `large_buyers__base`
  FROM `joined`
)
SELECT
  `result`.`time.month`,
  `result`.`status`,
  `result`.`large_buyers` AS `large_buyers`,
  `result`.`large_buyers__base` AS `large_buyers__base`,
  `result`.`large_buyers` - `result`.`large_buyers__base` AS `large_buyers__difference`,
  CAST(CAST((
    `result`.`large_buyers` - `result`.`large_buyers__base`
  ) AS DECIMAL(26, 0)) / NULLIF(CAST(ABS(`result`.`large_buyers__base`) AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `large_buyers__percent`,
  CAST(NULL AS BOOLEAN) AS `large_buyers__favourable`
FROM `result`
ORDER BY
  `time.month` ASC NULLS LAST,
  `status` ASC NULLS LAST;
