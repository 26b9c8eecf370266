"""Find what is near in meaning where words do not match: suggestions for askers, grounding for a language model."""
