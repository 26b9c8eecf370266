"""The pipeline: raw files to a release. The only package that imports Spark, Delta, Great Expectations and dbt."""
