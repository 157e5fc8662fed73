"""How is this installation set up? The only file that reads the environment."""

import re
import secrets
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from commentsvc.errors import Misconfigured

PREFIX = "COMMENTSVC_"


class Settings(BaseSettings):
    """One frozen object; docs/settings.md explains each member."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Path("commentsvc-data")
    database_url: str = ""
    database_replica_url: str = ""
    redis_url: str = ""
    secret_key: str = Field(default="", validate_default=True)
    base_url: str = "http://127.0.0.1:8000"
    classifier: Literal["auto", "embedded", "detoxify", "detoxify-onnx"] = "auto"
    model_dir: Path = Field(default_factory=lambda known: known["data_dir"] / "models")
    scorer_url: str = ""
    page_cache_mb: int = Field(default=64, ge=0, le=65536)
    mail_url: str = "console:"
    private_hosts: str = ""
    akismet_url: str = "https://rest.akismet.com/1.1/comment-check"
    mail_from: str = ""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    rate_limits: Literal["on", "off"] = "on"
    log_format: Literal["console", "json"] = "console"
    backup_dir: Path | None = None
    demo: bool = False

    @field_validator("database_url", "database_replica_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.startswith("postgres://"):
            value = "postgresql://" + value.removeprefix("postgres://")
        if value.startswith("postgresql://"):
            value = "postgresql+psycopg://" + value.removeprefix("postgresql://")
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("may be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("database_url", "").startswith("postgresql"):
            raise ValueError("must be set, to 32 characters or more, when the database is PostgreSQL")
        if value and len(value) < 32:
            raise ValueError("may be 32 characters or more, or absent with the embedded database")
        return value

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("may be an http:// or https:// address")
        return value.rstrip("/")

    @field_validator("scorer_url")
    @classmethod
    def _scorer(cls, value: str) -> str:
        if value and not re.fullmatch(r"http://[^/:]+(:\d{1,5})?/?|unix:/.+", value):
            raise ValueError("may be http://HOST:PORT or unix:/PATH, or absent")
        return value.rstrip("/")

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        if value != "console:" and not value.startswith(("smtp://", "smtps://")):
            raise ValueError("may be console: or smtp://[USER:PASSWORD@]HOST[:PORT]")
        return value

    @field_validator("private_hosts")
    @classmethod
    def _private(cls, value: str) -> str:
        names = [name.strip().lower() for name in value.split(",") if name.strip()]
        if not all(re.fullmatch(r"[\w.:-]+", name) for name in names):
            raise ValueError("may be host names or addresses with commas between, without ports, or absent")
        return ",".join(names)

    @field_validator("akismet_url")
    @classmethod
    def _akismet(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]+/\S*", value):
            raise ValueError("may be the http:// or https:// address of a comment-check")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", value):
            raise ValueError("may be an e-mail address, or absent")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("may be redis://HOST[:PORT][/DB] or absent")
        return value

    @property
    def sender(self) -> str:
        """The address that mail comes from."""
        return self.mail_from or f"comments@{urlsplit(self.base_url).hostname}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the service: its public address is a loopback one."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a SQLite file that this process may migrate by itself."""
        return self.resolved_database_url.startswith("sqlite")

    @property
    def resolved_database_url(self) -> str:
        """The database's address; by default a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'commentsvc.db'}"

    @property
    def private_host_names(self) -> frozenset[str]:
        """The hosts that may be called though they are in the own network."""
        return frozenset(self.private_hosts.split(",")) - {""}

    def with_secret(self) -> "Settings":
        """Return settings that surely have a secret key, generated into the data directory when none was given."""
        if self.secret_key:
            return self
        return self.model_copy(update={"secret_key": _generated_secret(self.data_dir)})


def load_settings(**overrides: Any) -> Settings:
    """Read the environment, or raise Misconfigured naming the setting and what it may be."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _generated_secret(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = data_dir / f".secret_key.{secrets.token_hex(4)}"
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(48))
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
