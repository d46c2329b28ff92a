"""Loading a data set, its pictures, and validating it."""
