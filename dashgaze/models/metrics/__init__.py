"""How good answers are: errors, stated uncertainty, and what sessions allow to conclude.

Arrays in, dataclasses out (`dashgaze.densities.scores.Scores.to_json`). NaN predictions are frames without an answer: they lower
the coverage and are never dropped silently. Frames without truth are counted apart.
"""
