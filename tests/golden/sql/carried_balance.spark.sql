WITH `windows_carried_31` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`
  FROM VALUES
    (
      CAST('2026-05-01' AS DATE),
      CAST('2026-04-30' AS DATE),
      CAST('2026-05-31' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2026-05-30' AS DATE),
      CAST('2026-06-30' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`)
), `accounts_rows` AS (
  SELECT
    `windows`.`bucket` AS `bucket`,
    `accounts`.`day` AS `day`,
    `accounts`.`account` AS `entity_1`,
    `accounts`.`amount` AS `carried_cash__value`
  FROM `gold`.`fct_balances` AS `accounts`
  JOIN `windows_carried_31` AS `windows`
    ON `accounts`.`day` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
), `accounts_taken` AS (
  SELECT
    `rows`.`bucket`,
    `rows`.`entity_1`,
    MAX(`rows`.`day`) AS `day`
  FROM `accounts_rows` AS `rows`
  GROUP BY
    1,
    2
), `accounts` AS (
  SELECT
    `rows`.`bucket` AS `time.month`,
    SUM(`rows`.`carried_cash__value`) AS `carried_cash`
  FROM `accounts_rows` AS `rows`
  JOIN `accounts_taken` AS `taken`
    ON `rows`.`bucket` IS NOT DISTINCT FROM `taken`.`bucket`
    AND `rows`.`entity_1` IS NOT DISTINCT FROM `taken`.`entity_1`
    AND `rows`.`day` = `taken`.`day`
  GROUP BY
    1
)
SELECT
  `accounts`.`time.month`,
  `accounts`.`carried_cash` AS `carried_cash`
FROM `accounts`
ORDER BY
  `time.month` ASC NULLS LAST;
