"""Where Piccolo looks for the engine and the app."""

from piccolo.conf.apps import AppRegistry

from partner_network.database import connections

DB = connections.engine
APP_REGISTRY = AppRegistry(apps=["partner_network.piccolo_app"])
