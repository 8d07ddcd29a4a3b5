"""The configuration that Tortoise's command line takes to write migrations."""

from models.configuration import tortoise_config

TORTOISE_ORM = tortoise_config("sqlite:///build/migrations.db")
