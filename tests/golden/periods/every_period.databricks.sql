WITH `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'MONTH') AS DATE) AS `time.month`,
    SUM(`sales`.`net_amount`) AS `filled`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-02-27' AS DATE) AND CAST('2026-03-02' AS DATE)
  GROUP BY
    1
), `periods` AS (
  SELECT
    `time.month`
  FROM VALUES
    (CAST('2026-02-01' AS DATE)),
    (CAST('2026-03-01' AS DATE)) AS `listed`(`time.month`)
), `groups` AS (
  SELECT
    `time.month`
  FROM `sales`
  UNION
  SELECT
    `time.month`
  FROM `periods`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    `sales`.`filled` AS `filled`,
    `sales`.`revenue` AS `revenue`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales`.`time.month`
)
SELECT
  `joined`.`time.month`,
  COALESCE(`joined`.`filled`, 0) AS `filled`,
  `joined`.`revenue` AS `revenue`
FROM `joined`
ORDER BY
  `time.month` ASC NULLS LAST;
