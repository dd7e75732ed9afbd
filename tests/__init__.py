"""The tests mirror the four source folders."""
