WITH `sales` AS (
  SELECT
    `own_rows`.`club` AS `club`,
    `own_rows`.`time.quarter` AS `time.quarter`,
    SUM(`own_rows`.`revenue__value`) FILTER(WHERE
      `own_rows`.`revenue__kept`) AS `revenue`,
    CAST(CAST(CAST(GET(
      SORT_ARRAY(
        COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
          NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
      ),
      CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT)
    ) AS DECIMAL(29, 4)) + CAST(COALESCE(
      CAST(GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT) + 1
      ) - GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT)
      ) AS DECIMAL(35, 3)) * CAST(CAST(SIZE(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        )
      ) - 1 AS DECIMAL(11, 0)) * 0.5 - CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT) AS DECIMAL(2, 1)),
      0
    ) AS DECIMAL(29, 4)) AS DECIMAL(29, 4)) AS DECIMAL(28, 3)) AS `middle_line`
  FROM (
    SELECT DISTINCT
      `sales`.`id` AS `row_key_1`,
      `customers__clubs`.`club` AS `club`,
      CAST(TRUNC(`sales`.`sold_on`, 'QUARTER') AS DATE) AS `time.quarter`,
      `sales`.`net_amount` AS `revenue__value`,
      (
        `sales`.`status` IN ('completed', 'refunded')
      ) AS `revenue__kept`,
      `sales`.`net_amount` AS `middle_line__value`
    FROM `gold`.`fct_sales` AS `sales`
    LEFT JOIN `gold`.`dim_customers` AS `customers`
      ON `sales`.`customer_id` = `customers`.`customer_id`
    LEFT JOIN `gold`.`dim_clubs` AS `customers__clubs`
      ON `customers`.`customer_id` = `customers__clubs`.`customer_id`
    WHERE
      `customers__clubs`.`level` > 1
      AND `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  ) AS `own_rows`
  GROUP BY
    1,
    2
)
SELECT
  `sales`.`club`,
  `sales`.`time.quarter`,
  `sales`.`revenue` AS `revenue`,
  `sales`.`middle_line` AS `middle_line`
FROM `sales`
ORDER BY
  `time.quarter` ASC NULLS LAST,
  `club` ASC NULLS LAST;

WITH `sales` AS (
  SELECT
    SUM(`own_rows`.`revenue__value`) FILTER(WHERE
      `own_rows`.`revenue__kept`) AS `revenue`,
    CAST(CAST(CAST(GET(
      SORT_ARRAY(
        COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
          NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
      ),
      CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT)
    ) AS DECIMAL(29, 4)) + CAST(COALESCE(
      CAST(GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT) + 1
      ) - GET(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        ),
        CAST(FLOOR(
          CAST(SIZE(
            SORT_ARRAY(
              COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
                NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
            )
          ) - 1 AS DECIMAL(11, 0)) * 0.5
        ) AS INT)
      ) AS DECIMAL(35, 3)) * CAST(CAST(SIZE(
        SORT_ARRAY(
          COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
            NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
        )
      ) - 1 AS DECIMAL(11, 0)) * 0.5 - CAST(FLOOR(
        CAST(SIZE(
          SORT_ARRAY(
            COLLECT_LIST(CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3))) FILTER(WHERE
              NOT CAST(`own_rows`.`middle_line__value` AS DECIMAL(28, 3)) IS NULL)
          )
        ) - 1 AS DECIMAL(11, 0)) * 0.5
      ) AS INT) AS DECIMAL(2, 1)),
      0
    ) AS DECIMAL(29, 4)) AS DECIMAL(29, 4)) AS DECIMAL(28, 3)) AS `middle_line`
  FROM (
    SELECT DISTINCT
      `sales`.`id` AS `row_key_1`,
      `sales`.`net_amount` AS `revenue__value`,
      (
        `sales`.`status` IN ('completed', 'refunded')
      ) AS `revenue__kept`,
      `sales`.`net_amount` AS `middle_line__value`
    FROM `gold`.`fct_sales` AS `sales`
    LEFT JOIN `gold`.`dim_customers` AS `customers`
      ON `sales`.`customer_id` = `customers`.`customer_id`
    LEFT JOIN `gold`.`dim_clubs` AS `customers__clubs`
      ON `customers`.`customer_id` = `customers__clubs`.`customer_id`
    WHERE
      `customers__clubs`.`level` > 1
      AND `sales`.`sold_on` BETWEEN CAST('2025-07-01' AS DATE) AND CAST('2026-06-30' AS DATE)
  ) AS `own_rows`
)
SELECT
  `sales`.`revenue` AS `revenue`,
  `sales`.`middle_line` AS `middle_line`
FROM `sales`;
