"""Real public data into the data contract: `import_data` is the way in."""

from data.importers.run import DATA_SETS, import_data
from data.importers.writing import Summary

__all__ = ["DATA_SETS", "Summary", "import_data"]
