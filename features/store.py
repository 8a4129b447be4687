"""The feature store's doors: training values, snapshots going online, fresh rows, and reading."""

from features.fresh_door import FreshDoor
from features.historical import historical
from features.materialising import materialize
from features.online_reader import OnlineFeatures

__all__ = ["FreshDoor", "OnlineFeatures", "historical", "materialize"]
