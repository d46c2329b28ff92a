"""The contracts: what is in each file that dashgaze reads or writes, kept once.

Imports no other room. ``scripts/export_schemas`` writes the same contracts as JSON Schema.
"""
