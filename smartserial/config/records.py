"""The model of files that grow as long as the gateway runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smartserial.config.values import Model, PathText, Size, shown, wrong
from smartserial.settings import KIB, MIB, RecordFile


class RecordModel(Model):
    """A file that grows line by line, and is begun anew when it is large."""

    file: PathText = Field(min_length=1)
    size: Annotated[Size, Field(ge=4 * KIB)] = Field(
        10 * MIB, description="bytes after which a new one is begun"
    )
    keep: int = Field(3, ge=0, le=1000, description="full ones that are kept beside it")


def _path_alone(value: Any) -> Any:
    if value is not None and not isinstance(value, str | dict | RecordModel):
        raise wrong("expected a path, or a mapping of file, size and keep, found {found}", found=shown(value))
    return {"file": value} if isinstance(value, str) else value


def _or_path(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [*schema.get("anyOf", []), {"type": "string", "minLength": 1}]


Record = Annotated[RecordModel | None, BeforeValidator(_path_alone), Field(json_schema_extra=_or_path)]


def record_of(model: RecordModel | None, path_of: Callable[[str], Path]) -> RecordFile | None:
    """Return the settings of a file; `path_of` makes its path absolute."""
    return None if model is None else RecordFile(path_of(model.file), model.size, model.keep)
