WITH `sales` AS (
  SELECT
    CAST(SUM(
      CAST((
        CAST(`sales`.`local_amount` AS DECIMAL(16, 2)) * CAST(CASE
          WHEN `sales`.`currency` = 'EUR'
          THEN 1
          ELSE CAST(`rates_of_it`.`average_rate` AS DECIMAL(31, 6))
        END AS DECIMAL(20, 6))
      ) AS DECIMAL(33, 8))
    ) AS DECIMAL(33, 8)) AS `local_revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
    ON `rates_of_it`.`currency` = `sales`.`currency`
    AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(CAST(ADD_MONTHS(`sales`.`sold_on`, -12) AS DATE), 'MONTH') AS DATE)
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), `sales_base` AS (
  SELECT
    CAST(SUM(
      CAST((
        CAST(`sales`.`local_amount` AS DECIMAL(16, 2)) * CAST(CASE
          WHEN `sales`.`currency` = 'EUR'
          THEN 1
          ELSE CAST(`rates_of_it`.`average_rate` AS DECIMAL(31, 6))
        END AS DECIMAL(20, 6))
      ) AS DECIMAL(33, 8))
    ) AS DECIMAL(33, 8)) AS `local_revenue`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
    ON `rates_of_it`.`currency` = `sales`.`currency`
    AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2025-06-30' AS DATE)
), `joined` AS (
  SELECT
    `sales`.`local_revenue` AS `local_revenue`,
    `sales_base`.`local_revenue` AS `local_revenue__base`
  FROM `sales`
  CROSS JOIN `sales_base`
), `result` AS (
  SELECT
    CAST(ROUND(`joined`.`local_revenue`, 2) AS DECIMAL(27, 2)) AS `local_revenue`,
    CAST(ROUND(`joined`.`local_revenue__base`, 2) AS DECIMAL(27, 2)) AS `local_revenue__base`
  FROM `joined`
)
SELECT
  `result`.`local_revenue` AS `local_revenue`,
  `result`.`local_revenue__base` AS `local_revenue__base`,
  `result`.`local_revenue` - `result`.`local_revenue__base` AS `local_revenue__difference`,
  CAST(CAST((
    `result`.`local_revenue` - `result`.`local_revenue__base`
  ) AS DECIMAL(26, 2)) / NULLIF(CAST(ABS(`result`.`local_revenue__base`) AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `local_revenue__percent`,
  CAST(NULL AS BOOLEAN) AS `local_revenue__favourable`
FROM `result`;

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
  AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(CAST(ADD_MONTHS(`sales`.`sold_on`, -12) AS DATE), 'MONTH') AS DATE)
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
  CAST(`sales`.`currency` AS STRING) AS `currency`,
  `sales`.`sold_on` AS `day`
FROM `gold`.`fct_sales` AS `sales`
LEFT JOIN `gold`.`fx_rates` AS `rates_of_it`
  ON `rates_of_it`.`currency` = `sales`.`currency`
  AND CAST(TRUNC(CAST(`rates_of_it`.`month` AS DATE), 'MONTH') AS DATE) = CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE)
WHERE
  `sales`.`sold_on` BETWEEN CAST('2024-07-01' AS DATE) AND CAST('2025-06-30' AS DATE)
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
