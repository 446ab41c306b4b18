"""The command line: parse, call, print."""

import gc


def main() -> None:
    """Run the command line; end with the exit code of the error tree."""
    # What importing makes is no garbage. Looking through it anyhow, on the way in and once more
    # on the way out, takes longer than many a command.
    gc.disable()
    from tutela.cli import app

    app.run()


__all__ = ["main"]
