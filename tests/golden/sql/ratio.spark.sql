WITH `sales` AS (
  SELECT
    CAST(TRUNC(`sales`.`sold_on`, 'WEEK') AS DATE) AS `time.week`,
    SUM(`sales`.`net_amount`) FILTER(WHERE
      (
        `sales`.`status` IN ('completed', 'refunded')
      )) AS `revenue`,
    SUM(
      CAST(CAST(`sales`.`unit_cost` AS DECIMAL(31, 6)) * `sales`.`quantity` AS DECIMAL(31, 6))
    ) FILTER(WHERE
      (
        `sales`.`status` IN ('completed', 'refunded')
      )) AS `cost`,
    SUM(`sales`.`net_amount`) AS `average_line__sum`,
    COUNT(`sales`.`net_amount`) AS `average_line__count`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  GROUP BY
    1
)
SELECT
  `sales`.`time.week`,
  CAST(CAST(`sales`.`revenue` - `sales`.`cost` AS DECIMAL(30, 6)) / NULLIF(CAST(`sales`.`revenue` AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `margin`,
  CAST(CAST(`sales`.`average_line__sum` AS DECIMAL(28, 2)) / NULLIF(CAST(`sales`.`average_line__count` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `average_line`
FROM `sales`
ORDER BY
  `time.week` ASC NULLS LAST;
