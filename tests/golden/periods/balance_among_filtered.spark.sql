WITH `accounts_rows` AS (
  SELECT
    CAST(TRUNC(`accounts`.`day`, 'MONTH') AS DATE) AS `bucket`,
    `accounts`.`day` AS `day`,
    `accounts`.`amount` AS `own_last__value`,
    `accounts`.`account` = 'x' AS `own_last__kept`
  FROM `gold`.`fct_balances` AS `accounts`
  WHERE
    `accounts`.`day` BETWEEN CAST('2026-02-27' AS DATE) AND CAST('2026-03-02' AS DATE)
    AND `accounts`.`account` = 'x'
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
    SUM(`rows`.`own_last__value`) FILTER(WHERE
      `rows`.`own_last__kept`) AS `own_last`
  FROM `accounts_rows` AS `rows`
  JOIN `accounts_taken` AS `taken`
    ON `rows`.`bucket` IS NOT DISTINCT FROM `taken`.`bucket`
    AND `rows`.`day` = `taken`.`day`
  WHERE
    `rows`.`own_last__kept`
  GROUP BY
    1
)
SELECT
  `accounts`.`time.month`,
  `accounts`.`own_last` AS `own_last`
FROM `accounts`
ORDER BY
  `time.month` ASC NULLS LAST;
