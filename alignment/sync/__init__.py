"""Two recordings of one scene on one clock, by their sound."""
