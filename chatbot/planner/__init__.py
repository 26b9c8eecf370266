"""The offline planner: a question's words to a `MetricQuery`, a question back, or a refusal. Needs no model, no network."""
