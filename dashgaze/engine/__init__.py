"""All stages of many sessions: what is to be done, by whom, in which order, and what came of it."""
