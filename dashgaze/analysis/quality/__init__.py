"""How good the data are, and the reporting items that journals ask for."""
