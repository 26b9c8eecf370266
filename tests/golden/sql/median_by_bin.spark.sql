WITH `sales` AS (
  SELECT
    CASE
      WHEN `sales`.`net_amount` < 0
      THEN 'under 0'
      WHEN `sales`.`net_amount` < 1000
      THEN '0 to under 1000'
      WHEN `sales`.`net_amount` >= 1000
      THEN '1000 and over'
    END AS `size`,
    MEDIAN(CAST(`sales`.`net_amount` AS DECIMAL(38, 3))) AS `middle_line`
  FROM `gold`.`fct_sales` AS `sales`
  GROUP BY
    1
)
SELECT
  `sales`.`size`,
  `sales`.`middle_line` AS `middle_line`
FROM `sales`
ORDER BY
  CASE
    WHEN `size` = 'under 0'
    THEN 0
    WHEN `size` = '0 to under 1000'
    THEN 1
    WHEN `size` = '1000 and over'
    THEN 2
  END ASC NULLS LAST;
