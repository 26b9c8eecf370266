WITH `windows_1_month_back_each_day` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-01-01' AS DATE),
      CAST('2026-01-27' AS DATE),
      CAST('2026-01-27' AS DATE),
      CAST('2026-01-01' AS DATE)
    ),
    (
      CAST('2026-01-01' AS DATE),
      CAST('2026-01-28' AS DATE),
      CAST('2026-01-28' AS DATE),
      CAST('2026-01-01' AS DATE)
    ),
    (
      CAST('2026-01-01' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-02-01' AS DATE),
      CAST('2026-01-01' AS DATE)
    ),
    (
      CAST('2026-01-01' AS DATE),
      CAST('2026-02-02' AS DATE),
      CAST('2026-02-02' AS DATE),
      CAST('2026-01-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_1_month_back_each_day` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'QUARTER') AS DATE) AS `time.quarter`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  JOIN `windows_1_month_back_each_day` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'QUARTER') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  GROUP BY
    1
)
SELECT
  `sales_1_month_back_each_day`.`time.quarter`,
  `sales_1_month_back_each_day`.`revenue` AS `day_by_day`
FROM `sales_1_month_back_each_day`
ORDER BY
  `time.quarter` ASC NULLS LAST;
