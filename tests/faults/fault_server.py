"""The backend over HTTP on a free port, which it tells on standard output."""

import socket
import sys


def main() -> None:
    # Each worker process loads this file once more, under another name: it is to load no server.
    import uvicorn

    from backend.app import create_app
    from backend.settings import Settings

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        server = uvicorn.Server(uvicorn.Config(create_app(Settings()), log_level="error"))
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
