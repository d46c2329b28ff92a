"""The stages of the pipeline: each reads a session and writes into its ``derived/`` folder."""
