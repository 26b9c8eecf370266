WITH `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    CAST(SUM(
      CAST((
        CAST(CAST(CAST(`sales`.`local_amount` AS DECIMAL(16, 2)) * CAST(CASE
          WHEN `sales`.`currency` = 'EUR'
          THEN 1
          ELSE CAST(`rates_of_it`.`average_rate` AS DECIMAL(31, 6))
        END AS DECIMAL(20, 6)) AS DECIMAL(28, 8)) / NULLIF(CAST(`rates_usd`.`average_rate` AS DECIMAL(38, 6)), 0) AS DECIMAL(37, 12))
      ) AS DECIMAL(37, 12))
    ) AS DECIMAL(37, 12)) AS `local_revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
    ON `rates_of_it`.`currency` = `sales`.`currency`
    AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
  LEFT JOIN `gold`.`fx_rates` AS `rates_usd`
    ON `rates_usd`.`currency` = 'USD'
    AND CAST(TRUNC(CAST(`rates_usd`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
), `accounts_rows` AS (
  SELECT
    CAST(TRUNC(`accounts`.`day`, 'MONTH') AS DATE) AS `bucket`,
    `accounts`.`day` AS `day`,
    (
      CAST(CAST(`accounts`.`amount` AS DECIMAL(22, 2)) / NULLIF(CAST(`rates_usd`.`closing_rate` AS DECIMAL(38, 6)), 0) AS DECIMAL(37, 12))
    ) AS `cash_in_group__value`
  FROM `gold`.`fct_balances` AS `accounts`
  LEFT JOIN `gold`.`fx_rates` AS `rates_usd`
    ON `rates_usd`.`currency` = 'USD'
    AND CAST(TRUNC(CAST(`rates_usd`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`accounts`.`day`, 'MONTH') AS DATE)
  WHERE
    `accounts`.`day` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), `accounts_taken` AS (
  SELECT
    `rows`.`bucket`,
    MAX(`rows`.`day`) AS `day`
  FROM `accounts_rows` AS `rows`
  GROUP BY
    1
), `accounts` AS (
  SELECT
    `rows`.`bucket` AS `time.month`,
    CAST(SUM(`rows`.`cash_in_group__value`) AS DECIMAL(37, 12)) AS `cash_in_group`
  FROM `accounts_rows` AS `rows`
  JOIN `accounts_taken` AS `taken`
    ON `rows`.`bucket` IS NOT DISTINCT FROM `taken`.`bucket`
    AND `rows`.`day` = `taken`.`day`
  GROUP BY
    1
), `groups` AS (
  SELECT
    `time.month`
  FROM `sales`
  UNION
  SELECT
    `time.month`
  FROM `accounts`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `sales`.`local_revenue` AS `local_revenue`,
    `accounts`.`cash_in_group` AS `cash_in_group`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales`.`time.month`
  LEFT JOIN `accounts`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `accounts`.`time.month`
)
SELECT
  `joined`.`time.month`,
  CAST(ROUND(`joined`.`local_revenue`, 2) AS DECIMAL(27, 2)) AS `local_revenue`,
  CAST(ROUND(`joined`.`cash_in_group`, 2) AS DECIMAL(27, 2)) AS `cash_in_group`
FROM `joined`
ORDER BY
  `time.month` ASC NULLS LAST;

-- must give no row
SELECT
  CAST(`rates`.`currency` AS STRING),
  CAST(TRUNC(CAST(`rates`.`month` AS DATE), 'MONTH') AS DATE)
FROM `gold`.`fx_rates` AS `rates`
GROUP BY
  `rates`.`currency`,
  CAST(TRUNC(CAST(`rates`.`month` AS DATE), 'MONTH') AS DATE)
HAVING
  COUNT(*) > 1
LIMIT 1;

-- must give no row
SELECT
  CAST(`sales`.`currency` AS STRING) AS `currency`,
  `sales`.`sold_on` AS `day`
FROM `gold`.`fct_sales` AS `sales`
LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
  ON `rates_of_it`.`currency` = `sales`.`currency`
  AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
LEFT JOIN `gold`.`fx_rates` AS `rates_usd`
  ON `rates_usd`.`currency` = 'USD'
  AND CAST(TRUNC(CAST(`rates_usd`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
WHERE
  `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  AND (
    NOT (
      `sales`.`local_amount`
    ) IS NULL
    AND (
      CASE
        WHEN `sales`.`currency` = 'EUR'
        THEN 1
        ELSE CAST(`rates_of_it`.`average_rate` AS DECIMAL(31, 6))
      END
    ) IS NULL
  )
LIMIT 1;

-- must give no row
SELECT
  CAST('USD' AS STRING) AS `currency`,
  `sales`.`sold_on` AS `day`
FROM `gold`.`fct_sales` AS `sales`
LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
  ON `rates_of_it`.`currency` = `sales`.`currency`
  AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
LEFT JOIN `gold`.`fx_rates` AS `rates_usd`
  ON `rates_usd`.`currency` = 'USD'
  AND CAST(TRUNC(CAST(`rates_usd`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
WHERE
  `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  AND (
    NOT (
      `sales`.`local_amount`
    ) IS NULL
    AND (
      CAST(`rates_usd`.`average_rate` AS DECIMAL(31, 6))
    ) IS NULL
  )
LIMIT 1;

-- must give no row
SELECT
  CAST('USD' AS STRING) AS `currency`,
  `accounts`.`day` AS `day`
FROM `gold`.`fct_balances` AS `accounts`
LEFT JOIN `gold`.`fx_rates` AS `rates_usd`
  ON `rates_usd`.`currency` = 'USD'
  AND CAST(TRUNC(CAST(`rates_usd`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`accounts`.`day`, 'MONTH') AS DATE)
WHERE
  `accounts`.`day` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  AND (
    NOT (
      `accounts`.`amount`
    ) IS NULL
    AND (
      CAST(`rates_usd`.`closing_rate` AS DECIMAL(31, 6))
    ) IS NULL
  )
LIMIT 1;
