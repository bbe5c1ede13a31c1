"""The models of users, groups and passwords in configuration files; none of their words shows a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from smartserial.config.discreet import IN_QUOTES
from smartserial.config.sshkeys import key_fault
from smartserial.config.values import Model, Name, PathText, shown, wrong
from smartserial.passwords import is_hash

MOST_NAME = 64
"""Characters that a user's name has at most."""
_HASH = "expected a hash, as `smartserial passwd` makes it"
_BEGINNING = "$scrypt$"


@dataclass(frozen=True, slots=True)
class Secret:
    """The password of a listener, a share or the console: a hash, or the path of a file that holds one."""

    hash: str = field(default="", repr=False)
    file: str = ""


def _cut(value: Any) -> str:
    """Return a hint if something is the beginning of a hash: between braces YAML cuts it at its commas."""
    return f" ({IN_QUOTES})" if isinstance(value, str) and value.startswith(_BEGINNING) else ""


def _hash(value: Any) -> Any:
    if not isinstance(value, str) or not is_hash(value):
        raise wrong(f"{_HASH}{_cut(value)}; what stands here is none, and is not shown")
    return value


def _secret(value: Any) -> Any:
    if value is None or isinstance(value, Secret):
        return value
    if isinstance(value, dict) and value.keys() == {"file"}:
        path = value["file"]
        if not isinstance(path, str) or not path or "\0" in path:
            raise wrong("expected the path of a file with a hash in it")
        return Secret(file=path)
    if not isinstance(value, str) or not is_hash(value):
        raise wrong(f"{_HASH}{_cut(value)}, or {{file: PATH}}; what stands here is neither, and is not shown")
    return Secret(value)


def _key(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong("expected a public key, as in authorized_keys, found {found}", found=shown(value))
    if fault := key_fault(value.strip()):
        raise wrong("{fault}; what stands here is not shown", fault=fault)  # it may be a private one
    return value.strip()


HashText = Annotated[
    str, BeforeValidator(_hash), WithJsonSchema({"type": "string", "pattern": r"^\$scrypt\$"})
]
Password = Annotated[
    Any,
    BeforeValidator(_secret),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\$scrypt\$"},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string", "minLength": 1}},
                    "required": ["file"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        }
    ),
]
"""A `Secret`, or None."""
UserName = Annotated[Name, Field(max_length=MOST_NAME)]


class _Discreet(Model):
    """A mapping; what stands in its place is not shown, for it may be a password."""

    @model_validator(mode="before")
    @classmethod
    def _mapping(cls, value: Any) -> Any:
        if not isinstance(value, dict | cls):
            raise wrong(f"expected a mapping of {', '.join(cls.model_fields)}; what stands here is none")
        return value


class UserModel(_Discreet):
    """A user: the hash of a password, groups, and keys for SSH."""

    password: HashText | None = Field(None, description="a hash, as `smartserial passwd` makes it")
    groups: list[Name] = Field([], description="whose rights the user has")
    keys: list[Annotated[str, BeforeValidator(_key)]] = Field(
        [], description="public keys for SSH, as in authorized_keys"
    )


class GroupModel(_Discreet):
    """A group: what its members may do, by patterns for the names of shares and elements."""

    rights: dict[Annotated[str, Field(min_length=1)], list[Literal["read", "write", "control", "admin"]]] = (
        Field({}, description="by names of shares and elements, with * and ?")
    )


class UsersFileModel(_Discreet):
    """A file of users."""

    users: dict[UserName, UserModel] = Field({}, description="by their names")
    groups: dict[Name, GroupModel] = Field({}, description="by their names")


class UsersModel(Model):
    """Who may log in."""

    file: PathText = Field(min_length=1, description="the file of users and groups")
    checkers: list[Annotated[str, Field(min_length=1)]] = Field(
        [], description="more places to look passwords up, as for `twistd --auth`"
    )


class LoginModel(Model):
    """How those who come in prove who they are."""

    password: Password = Field(
        default=None, description="one secret for all who come in: its hash, or {file: PATH}"
    )
    users: bool | None = Field(default=None, description="a user's name and password; false: nobody is asked")
    groups: list[Name] = Field(
        default=[], description="whose members may come in; without it, every user with a right"
    )

    @property
    def login_said(self) -> bool:
        """Whether anything is said of it here, which then counts alone."""
        return bool({"password", "users", "groups"} & self.model_fields_set)

    @property
    def login_wanted(self) -> bool:
        """Whether somebody who comes in is asked who they are, by what is said here."""
        return self.password is not None or self.users is True or bool(self.groups)
