"""The reference shop alone: `python -m partners.reference_shop --help`."""

import typer

from partners.reference_shop import command

typer.run(command.shop)
