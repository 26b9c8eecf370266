WITH `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-05-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `windows_base` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
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
), `sales_base` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  JOIN `windows_base` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
), `groups` AS (
  SELECT
    `time.month`
  FROM `sales`
  UNION
  SELECT
    `time.month`
  FROM `sales_base`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `sales`.`revenue` AS `revenue`,
    `sales_base`.`revenue` AS `revenue__base`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales`.`time.month`
  LEFT JOIN `sales_base`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_base`.`time.month`
), `result` AS (
  SELECT
    `joined`.`time.month`,
    `joined`.`revenue` AS `revenue`,
    `joined`.`revenue__base` AS `revenue__base`
  FROM `joined`
)
SELECT
  `result`.`time.month`,
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
  `time.month` ASC NULLS LAST;

WITH `sales` AS (
  SELECT
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-05-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
), `sales_base` AS (
  SELECT
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-05-01' AS DATE) AND CAST('2025-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
), `joined` AS (
  SELECT
    `sales`.`revenue` AS `revenue`,
    `sales_base`.`revenue` AS `revenue__base`
  FROM `sales`
  CROSS JOIN `sales_base`
), `result` AS (
  SELECT
    `joined`.`revenue` AS `revenue`,
    `joined`.`revenue__base` AS `revenue__base`
  FROM `joined`
)
SELECT
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
FROM `result`;
