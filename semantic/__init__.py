"""The semantic layer: a YAML catalog of governed metrics, compiled to SQL and run on a release. No LLM, no pipeline."""
