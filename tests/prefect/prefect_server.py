"""Prefect's server without its services, on the port that is given: loads, and listens once a line comes in.

Its own command makes an empty database what it is to be by some hundred changes, one after the other, which takes most
of its start. Here the tables are made as Prefect's models have them.
"""

import sys

import anyio
import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database import provide_database_interface


async def make_tables() -> None:
    database = provide_database_interface()
    metadata = database.Base.metadata
    for table in metadata.tables.values():
        # One index is declared twice.
        table.indexes = set({index.name: index for index in table.indexes}.values())
    engine = await database.engine()
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


def main() -> None:
    anyio.run(make_tables)
    app = create_app(final=True, webserver_only=True)
    sys.stdin.readline()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
