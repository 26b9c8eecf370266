WITH `windows_rolling_90_day_average` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `day`
  FROM VALUES
    (
      CAST('2026-02-01' AS DATE),
      CAST('2025-11-30' AS DATE),
      CAST('2026-02-27' AS DATE),
      CAST('2026-02-27' AS DATE)
    ),
    (
      CAST('2026-02-01' AS DATE),
      CAST('2025-12-01' AS DATE),
      CAST('2026-02-28' AS DATE),
      CAST('2026-02-28' AS DATE)
    ),
    (
      CAST('2026-03-01' AS DATE),
      CAST('2025-12-02' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE)
    ),
    (
      CAST('2026-03-01' AS DATE),
      CAST('2025-12-03' AS DATE),
      CAST('2026-03-02' AS DATE),
      CAST('2026-03-02' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `day`)
), `sales_rolling_90_day_average_days` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    `customers`.`region` AS `region`,
    `windows`.`day` AS `day_of_value`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `windows_rolling_90_day_average` AS `windows`
    ON `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  GROUP BY
    1,
    2,
    3
), `sales_rolling_90_day_average` AS (
  SELECT
    `days`.`time.month`,
    `days`.`region`,
    CAST(CAST(SUM(CAST(`days`.`revenue` AS DECIMAL(27, 2))) AS DECIMAL(28, 2)) / NULLIF(CAST(COUNT(`days`.`revenue`) AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `revenue`
  FROM `sales_rolling_90_day_average_days` AS `days`
  GROUP BY
    1,
    2
), `windows_rolling_90_day_first` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `day`
  FROM VALUES
    (
      CAST('2026-02-01' AS DATE),
      CAST('2025-11-30' AS DATE),
      CAST('2026-02-27' AS DATE),
      CAST('2026-02-27' AS DATE)
    ),
    (
      CAST('2026-02-01' AS DATE),
      CAST('2025-12-01' AS DATE),
      CAST('2026-02-28' AS DATE),
      CAST('2026-02-28' AS DATE)
    ),
    (
      CAST('2026-03-01' AS DATE),
      CAST('2025-12-02' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE)
    ),
    (
      CAST('2026-03-01' AS DATE),
      CAST('2025-12-03' AS DATE),
      CAST('2026-03-02' AS DATE),
      CAST('2026-03-02' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `day`)
), `sales_rolling_90_day_first_days` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    `customers`.`region` AS `region`,
    `windows`.`day` AS `day_of_value`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `windows_rolling_90_day_first` AS `windows`
    ON `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  GROUP BY
    1,
    2,
    3
), `sales_rolling_90_day_first` AS (
  SELECT
    `days`.`time.month`,
    `days`.`region`,
    MIN_BY(
      `days`.`revenue`,
      CASE WHEN NOT `days`.`revenue` IS NULL THEN `days`.`day_of_value` END
    ) AS `revenue`
  FROM `sales_rolling_90_day_first_days` AS `days`
  GROUP BY
    1,
    2
), `groups` AS (
  SELECT
    `time.month`,
    `region`
  FROM `sales_rolling_90_day_average`
  UNION
  SELECT
    `time.month`,
    `region`
  FROM `sales_rolling_90_day_first`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `groups`.`region`,
    `sales_rolling_90_day_average`.`revenue` AS `revenue__rolling_90_day_average`,
    `sales_rolling_90_day_first`.`revenue` AS `revenue__rolling_90_day_first`
  FROM `groups`
  LEFT JOIN `sales_rolling_90_day_average`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_rolling_90_day_average`.`time.month`
    AND `groups`.`region` IS NOT DISTINCT FROM `sales_rolling_90_day_average`.`region`
  LEFT JOIN `sales_rolling_90_day_first`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_rolling_90_day_first`.`time.month`
    AND `groups`.`region` IS NOT DISTINCT FROM `sales_rolling_90_day_first`.`region`
)
SELECT
  `joined`.`time.month`,
  `joined`.`region`,
  `joined`.`revenue__rolling_90_day_average` AS `mean_90d`,
  `joined`.`revenue__rolling_90_day_first` AS `opening_90d`
FROM `joined`
ORDER BY
  `time.month` ASC NULLS LAST,
  `region` ASC NULLS LAST;
