WITH `accounts_rows` AS (
  SELECT
    `accounts`.`day` AS `day`,
    `accounts`.`account` AS `account`,
    `accounts`.`amount` AS `cash__value`,
    `accounts`.`account` = 'Cash' AS `cash__kept`
  FROM `gold`.`fct_balances` AS `accounts`
  WHERE
    `accounts`.`day` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
), `accounts_taken` AS (
  SELECT
    MAX(`rows`.`day`) AS `day`
  FROM `accounts_rows` AS `rows`
), `accounts` AS (
  SELECT
    `rows`.`account` AS `account`,
    SUM(`rows`.`cash__value`) FILTER(WHERE
      `rows`.`cash__kept`) AS `cash`
  FROM `accounts_rows` AS `rows`
  JOIN `accounts_taken` AS `taken`
    ON `rows`.`day` = `taken`.`day`
  WHERE
    `rows`.`cash__kept`
  GROUP BY
    1
), `accounts_1_month_back_rows` AS (
  SELECT
    `accounts`.`day` AS `day`,
    `accounts`.`account` AS `account`,
    `accounts`.`amount` AS `cash__value`,
    `accounts`.`account` = 'Cash' AS `cash__kept`
  FROM `gold`.`fct_balances` AS `accounts`
  WHERE
    `accounts`.`day` BETWEEN CAST('2026-03-01' AS DATE) AND CAST('2026-05-31' AS DATE)
), `accounts_1_month_back_taken` AS (
  SELECT
    MAX(`rows`.`day`) AS `day`
  FROM `accounts_1_month_back_rows` AS `rows`
), `accounts_1_month_back` AS (
  SELECT
    `rows`.`account` AS `account`,
    SUM(`rows`.`cash__value`) FILTER(WHERE
      `rows`.`cash__kept`) AS `cash`
  FROM `accounts_1_month_back_rows` AS `rows`
  JOIN `accounts_1_month_back_taken` AS `taken`
    ON `rows`.`day` = `taken`.`day`
  WHERE
    `rows`.`cash__kept`
  GROUP BY
    1
), `groups` AS (
  SELECT
    `account`
  FROM `accounts`
  UNION
  SELECT
    `account`
  FROM `accounts_1_month_back`
), `joined` AS (
  SELECT
    `groups`.`account`,
    `accounts`.`cash` AS `cash`,
    `accounts_1_month_back`.`cash` AS `cash__1_month_back`
  FROM `groups`
  LEFT JOIN `accounts`
    ON `groups`.`account` IS NOT DISTINCT FROM `accounts`.`account`
  LEFT JOIN `accounts_1_month_back`
    ON `groups`.`account` IS NOT DISTINCT FROM `accounts_1_month_back`.`account`
)
SELECT
  `joined`.`account`,
  `joined`.`cash` - `joined`.`cash__1_month_back` AS `cash_moved`
FROM `joined`
ORDER BY
  `account` ASC NULLS LAST;
