"""Answers that need no network, and that every network has to beat.

`registry.fit_baseline` gives them by name. What looks at labels of tested sessions says so: oracles by
`oracle`, calibrated ones by `uses_labels` and in the notes of their predictions.
"""
