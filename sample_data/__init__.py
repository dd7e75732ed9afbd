"""Invented exports: three nights that trip every rule, broken ones, and a maker of large ones."""
