WITH `sales` AS (
  SELECT
    `sales`.`sold_on` AS `time.day`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-02-27' AS DATE) AND CAST('2026-03-02' AS DATE)
  GROUP BY
    1
), `windows_start_of_month` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-02-27' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-02-01' AS DATE)
    ),
    (
      CAST('2026-02-28' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-02-01' AS DATE)
    ),
    (
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE)
    ),
    (
      CAST('2026-03-02' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE),
      CAST('2026-03-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_start_of_month` AS (
  SELECT
    `windows`.`bucket` AS `time.day`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  JOIN `windows_start_of_month` AS `windows`
    ON `sales`.`sold_on` = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  GROUP BY
    1
), `groups` AS (
  SELECT
    `time.day`
  FROM `sales`
  UNION
  SELECT
    `time.day`
  FROM `sales_start_of_month`
), `joined` AS (
  SELECT
    `groups`.`time.day`,
    `sales`.`revenue` AS `revenue`,
    `sales_start_of_month`.`revenue` AS `revenue__start_of_month`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.day` IS NOT DISTINCT FROM `sales`.`time.day`
  LEFT JOIN `sales_start_of_month`
    ON `groups`.`time.day` IS NOT DISTINCT FROM `sales_start_of_month`.`time.day`
)
SELECT
  `joined`.`time.day`,
  `joined`.`revenue` - `joined`.`revenue__start_of_month` AS `since_start`
FROM `joined`
ORDER BY
  `time.day` ASC NULLS LAST;
