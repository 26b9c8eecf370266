"""The planner that asks a language model: what it is told, the closed form it fills, and what is made of its reply."""
