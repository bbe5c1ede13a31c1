"""The configuration: one truth, filled from a YAML file or from the command line.

Only this package knows YAML and models; everybody else gets frozen settings.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from smartserial.config.findings import FindingsError
from smartserial.config.judge import judge
from smartserial.config.models import ConfigModel
from smartserial.config.source import read_source
from smartserial.findings import Finding
from smartserial.settings import GatewaySettings


def config_path(name: str) -> Path:
    """Return the path of a configuration: ``demo`` is the one that comes with the package."""
    return Path(str(resources.files("smartserial") / "demo.yaml")) if name == "demo" else Path(name)


def check(path: Path, shown: str = "") -> list[Finding]:
    """Return everything that is wrong with a file; findings call it by its path, or as `shown`."""
    try:
        return judge(read_source(path, shown), path.absolute().parent)[1]
    except FindingsError as error:
        return list(error.findings)


def load(path: Path, shown: str = "") -> tuple[GatewaySettings, list[Finding]]:
    """Read a file.

    Args:
        path: where it is.
        shown: what findings call it, if not by its path.

    Returns:
        Its settings, with absolute paths, and the warnings.

    Raises:
        FindingsError: with all of its findings.
    """
    settings, findings = judge(read_source(path, shown), path.absolute().parent)
    if settings is None:
        raise FindingsError(findings)
    return settings, findings


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ConfigModel.model_json_schema(by_alias=True),
        "title": "smartserial configuration",
    }
