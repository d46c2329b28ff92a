"""Recordings with exactly known truth, for tests, benchmarks and demonstrations."""
