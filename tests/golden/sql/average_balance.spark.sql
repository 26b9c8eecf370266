WITH `accounts_rows` AS (
  SELECT
    `accounts`.`day` AS `day`,
    `accounts`.`account` AS `account`,
    `accounts`.`amount` AS `average_cash__value`
  FROM `gold`.`fct_balances` AS `accounts`
  WHERE
    `accounts`.`day` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), `accounts_taken` AS (
  SELECT
    COUNT(DISTINCT `rows`.`day`) AS `days`
  FROM `accounts_rows` AS `rows`
), `accounts` AS (
  SELECT
    `rows`.`account` AS `account`,
    SUM(`rows`.`average_cash__value`) AS `average_cash__sum`,
    MAX(`taken`.`days`) AS `average_cash__count`
  FROM `accounts_rows` AS `rows`
  CROSS JOIN `accounts_taken` AS `taken`
  GROUP BY
    1
)
SELECT
  `accounts`.`account`,
  CAST(CAST(`accounts`.`average_cash__sum` AS DECIMAL(28, 2)) / NULLIF(CAST(`accounts`.`average_cash__count` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `average_cash`
FROM `accounts`
ORDER BY
  `account` ASC NULLS LAST;
