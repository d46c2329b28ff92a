"""Other forms: published layouts read, BIDS and the Hub written."""
