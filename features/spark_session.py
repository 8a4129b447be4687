"""The Spark session of this process: an existing cluster's, as Spark's own settings name it.

Where Spark runs, and with how much, is said where Spark looks for it: `spark-defaults.conf` under
`SPARK_CONF_DIR` or `SPARK_HOME/conf`, or the environment that `spark-submit` makes. Without any
master, Spark runs inside this machine and is reached from it alone.
"""

import atexit
import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from credit.errors import InputError

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

PYSPARK = "4.3.0"  # what the engine is tested with
_LOCAL_ONLY = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
}
# What values depend on is set here, whatever the cluster's defaults are: days are UTC days, and
# a number that does not fit ends the work, as it does in DuckDB, where Spark of old wrapped it.
_VALUES = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.pyspark.fallback.enabled": "false",
}


def spark_session() -> "SparkSession":
    """The session, started where this process has none; InputError where Spark cannot run."""
    require_spark()
    from pyspark.sql import SparkSession

    if (session := SparkSession.getActiveSession()) is None:
        conf = _settings()
        local = conf.get("spark.master", "local[*]").startswith("local")
        for name, value in _LOCAL_ONLY.items() if local else ():
            conf.setIfMissing(name, value)
        conf.set("spark.ui.showConsoleProgress", "false")  # ours is shown
        conf.setIfMissing("spark.log.level", "ERROR")
        conf.setIfMissing("spark.sql.warehouse.dir", _passing_folder())
        session = SparkSession.builder.config(conf=conf).appName("vouch").getOrCreate()
    for name, value in _VALUES.items():
        session.conf.set(name, value)
    return session


def require_spark() -> None:
    """Nothing, where this machine has what Spark needs; InputError says what it lacks."""
    _require_pyspark()
    _require_java()


def _settings() -> "SparkConf":
    """Spark's settings as its files and environment give them, which its launcher alone reads."""
    from pyspark import SparkConf, SparkContext

    SparkContext._ensure_initialized()  # noqa: SLF001  # nothing public starts the launcher alone
    return SparkConf()


def _passing_folder() -> str:
    """Where Spark may lay its catalogue, which we leave empty: else it does so where we stand."""
    folder = tempfile.mkdtemp(prefix="vouch-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _require_pyspark() -> None:
    try:
        version("pyspark")
    except PackageNotFoundError:
        problem = "engine spark needs pyspark, which is not installed"
        raise InputError(
            problem, f"pip install pyspark=={PYSPARK}, or use --engine duckdb"
        ) from None


def has_java() -> bool:
    """Whether Spark would find a Java runtime, as its own launcher looks for one."""
    home = os.environ.get("JAVA_HOME")
    return bool(shutil.which("java") or (home and shutil.which("java", path=f"{home}/bin")))


def _require_java() -> None:
    if not has_java():
        problem = "engine spark needs Java (17 or later), and there is no java on the path"
        raise InputError(problem, "install a Java runtime, or use --engine duckdb")
