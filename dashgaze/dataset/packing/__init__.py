"""From session folders to a data set folder."""
