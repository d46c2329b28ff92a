"""Lab mode: a road film with targets to look at."""
