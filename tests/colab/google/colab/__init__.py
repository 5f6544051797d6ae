"""Stands in for Colab's own package: lessons ask whether it is loaded."""
