"""Import semantic models of dbt (MetricFlow) into a catalog of ours; what cannot be read is named. Layer: semantic."""
