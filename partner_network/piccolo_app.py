"""The one Piccolo app: all tables, one line of migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

from partner_network.database.migration import APP_NAME

SLICES_WITH_TABLES = (
    "gateways", "brands", "identity", "notifications", "ledger", "programs", "agreements", "creatives",
    "links", "clicks", "conversions", "attribution", "commissions", "receipts", "rewards", "statements",
    "payouts", "privacy",
)  # fmt: skip

APP_CONFIG = AppConfig(
    app_name=APP_NAME,
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(
        [f"partner_network.{name}.tables" for name in SLICES_WITH_TABLES], exclude_imported=True
    ),
    migration_dependencies=[],
)
