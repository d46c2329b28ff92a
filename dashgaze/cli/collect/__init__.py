"""``dashgaze collect …``: a drive from form to verified copy."""
