"""Measures of payments carried from day to day in numpy: what backfills and daily runs walk on."""

from features.sweep.arrivals import Arrivals, Tiles, pair
from features.sweep.files import load, named, save, tidy
from features.sweep.state import Sweep

__all__ = ["Arrivals", "Sweep", "Tiles", "load", "named", "pair", "save", "tidy"]
