"""Run the simulator: `python -m partner_network.sandbox.stripe_simulator --port N --state FILE`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from granian.server.embed import Server

from partner_network.sandbox.stripe_simulator.app import create_app
from partner_network.sandbox.stripe_simulator.call import Settings
from partner_network.sandbox.stripe_simulator.state import State

LOOPBACK = "127.0.0.1"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Play Stripe on loopback; live keys are refused.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file that remembers everything")
    parser.add_argument("--webhook-url", help="where events go; none: nowhere")
    parser.add_argument("--webhook-secret", help="whsec_..., signs what goes there")
    parser.add_argument("--fee-ppm", type=int, default=0, help="Stripe's fee on card payments")
    arguments = parser.parse_args()
    if arguments.webhook_url and not arguments.webhook_secret:
        parser.error("--webhook-url needs --webhook-secret: unsigned events would prove nothing")
    return arguments


async def serve(state: State, settings: Settings) -> None:
    """Answer on loopback, in this one process, until told to stop."""
    server = Server(
        create_app(state, settings),
        address=LOOPBACK,
        port=settings.port,
        interface="asgi",  # pyright: ignore[reportArgumentType]  # granian's StrEnum takes its value
        log_enabled=False,
        websockets=False,
    )
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, server.stop)
    await server.serve()


def main() -> None:
    """Read the command line, open the state, serve."""
    arguments = _arguments()
    try:
        state = State(arguments.state)
    except ValueError as unreadable:
        sys.exit(str(unreadable))
    settings = Settings(
        port=arguments.port,
        fee_ppm=arguments.fee_ppm,
        webhook_url=arguments.webhook_url,
        webhook_secret=arguments.webhook_secret,
    )
    try:
        asyncio.run(serve(state, settings))
    finally:
        state.close()


if __name__ == "__main__":
    main()
