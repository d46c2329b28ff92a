"""Recordings brought home, and proven to be whole."""
