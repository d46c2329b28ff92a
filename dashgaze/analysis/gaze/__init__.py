"""Where drivers look: bias, following, spread, and how drivers differ."""
