"""The files that deployments are made of, against their linters and the settings."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from core.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
COMMON = (ROOT / "deploy" / "media.env").read_text()
OF_NGINX = {"UPSTREAM", "NGINX_LISTEN", "NGINX_CACHE", "NGINX_TLS", "NGINX_OBJECTS"}


def told(*command: str | Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own scripts and linters
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_dockerfile_has_nothing_to_complain_of() -> None:
    told(Path(sys.executable).with_name("hadolint"), "Dockerfile")


def test_what_the_dockerfile_copies_is_there() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for line in lines:
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources)


def test_the_image_has_no_secrets_of_the_deployment() -> None:
    made = re.findall(r"^folder=(\S+)$", (ROOT / "scripts/make-secrets").read_text(), re.MULTILINE)
    assert set(made) <= set((ROOT / ".dockerignore").read_text().split())
    assert made


def test_the_compose_file_is_one() -> None:
    check = Path(sys.executable).with_name("check-jsonschema")
    told(check, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_every_setting_of_the_deployment_exists() -> None:
    names = {field.name.upper() for field in fields(Settings)}
    given = set(re.findall(r"\bMEDIA_(\w+?)(?:_FILE)?[:=]", COMPOSE + COMMON))
    assert given <= names | OF_NGINX
    assert given & names


def test_every_variable_of_nginx_is_given() -> None:
    template = (ROOT / "deploy" / "nginx" / "media.conf.template").read_text()
    used = {name.removeprefix("MEDIA_") for name in re.findall(r"\$\{(\w+)\}", template)}
    assert used == OF_NGINX
    assert all(f"MEDIA_{name}:" in COMPOSE for name in used)


def test_secrets_are_made_once_and_are_what_the_settings_take(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts" / "make-secrets", tmp_path / "scripts")
    told(script)
    folder = tmp_path / "deploy" / "secrets"
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(re.findall(r"deploy/secrets/(\w+)", COMPOSE)) == made.keys()
    told(script)
    assert {path.name: path.read_text() for path in folder.iterdir()} == made
    files = {
        f"MEDIA_{name.upper()}_FILE": str(folder / name) for name in ("secret_key", "database_url")
    }
    settings = load_settings(files)
    assert made["postgres_password"] in settings.database_url
    key = re.search(r"aws_secret_access_key = (\w+)", made["s3_credentials"])
    assert key
    assert key[1] in made["s3_config"]


@pytest.mark.parametrize("lost", ["s3_config", "s3_credentials", "postgres_password"])
def test_a_secret_is_not_made_anew_beside_the_one_that_it_belongs_to(
    tmp_path: Path, lost: str
) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts" / "make-secrets", tmp_path / "scripts")
    told(script)
    (tmp_path / "deploy" / "secrets" / lost).unlink()
    done = subprocess.run([script], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 1
    assert "belong together" in done.stderr
