"""The one Piccolo app: all tables, one line of migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from partner_network.database.migration import APP_NAME

APP_CONFIG = AppConfig(
    app_name=APP_NAME,
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[],
    migration_dependencies=[],
)
