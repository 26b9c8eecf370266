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
    CAST(CAST(CAST(GET(
      SORT_ARRAY(
        COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
          NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
      ),
      CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT)
    ) AS DECIMAL(29, 4)) + CAST(COALESCE(
      CAST(GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT) + 1
      ) - GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT)
      ) AS DECIMAL(35, 3)) * CAST(CAST(SIZE(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
        )
      ) - 1 AS DECIMAL(11, 0)) * 0.5 - CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`sales`.`net_amount` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`sales`.`net_amount` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT) AS DECIMAL(2, 1)),
      0
    ) AS DECIMAL(29, 4)) AS DECIMAL(29, 4)) AS DECIMAL(28, 3)) AS `middle_line`
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
