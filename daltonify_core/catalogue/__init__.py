"""The catalogue: every track that we hold audio features for, and how public data become one."""
