"""Tests of the rules and the views that they share."""
