WITH `accounts_rows` AS (
  SELECT
    CAST(TRUNC(`accounts`.`day`, 'QUARTER') AS DATE) AS `bucket`,
    `accounts`.`day` AS `day`,
    `accounts`.`amount` AS `cash__value`,
    `accounts`.`account` = 'Cash' AS `cash__kept`
  FROM `gold`.`fct_balances` AS `accounts`
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
    `rows`.`bucket` AS `time.quarter`,
    SUM(`rows`.`cash__value`) FILTER(WHERE
      `rows`.`cash__kept`) AS `cash`
  FROM `accounts_rows` AS `rows`
  JOIN `accounts_taken` AS `taken`
    ON `rows`.`bucket` IS NOT DISTINCT FROM `taken`.`bucket`
    AND `rows`.`day` = `taken`.`day`
  WHERE
    `rows`.`cash__kept`
  GROUP BY
    1
)
SELECT
  `accounts`.`time.quarter`,
  `accounts`.`cash` AS `cash`
FROM `accounts`
ORDER BY
  `time.quarter` ASC NULLS LAST;
