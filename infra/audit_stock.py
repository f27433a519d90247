"""Whether the counters of stock agree with the units and the ledger: `python -m infra.audit_stock [--mend]`.

Exit status: 0, they do; 1, they do not, or the database does not answer. `--mend` first counts all units anew
and books what differs: for units that came past the counters, as of an import that was killed for good.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from chalicelib.commerce.stock import imported_stock, inventory_sql
from chalicelib.core.config import ConfigurationError
from chalicelib.core.database import run
from chalicelib.core.errors import AppError

_MOST = 100


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mend", action="store_true", help="count all units anew and book what differs")
    given = parser.parse_args(arguments)
    try:
        if given.mend:
            entries = imported_stock.book_imported(partial(run, writes=True), reference="audit", actor="command line")
            print(f"{entries:,} entries booked.")
        differences = run(lambda connection: inventory_sql.list_differences(connection, _MOST), writes=False)
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    for found in differences:
        place = f"product {found.pop('product_id')}, center {found.pop('distribution_center_id')}"
        against = found.pop("against")
        wrong = ", ".join(f"{name} {units:+,}" for name, units in found.items() if units)
        print(f"{place}: against the {against}, the counters have {wrong}")
    if differences:
        print("There are more." if len(differences) == _MOST else "That is all.")
        return 1
    print("Counters, units and ledger agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
