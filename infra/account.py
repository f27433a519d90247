"""Making an account by hand: `make account USERNAME=robin ROLE=admin`. Asks for the password, or reads a pipe."""

from __future__ import annotations

import argparse
import getpass
import sys

from pydantic import ValidationError

from chalicelib.accounts import accounts
from chalicelib.accounts.accounts_api import NewAccount
from chalicelib.core.auth import Role
from chalicelib.core.config import ConfigurationError
from chalicelib.core.database import run
from chalicelib.core.errors import AppError
from infra.migrate import migrate_configured


def main() -> int:
    """Run the command line; 0 when the account was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("username")
    parser.add_argument("role", choices=[role.value for role in Role])
    parser.add_argument("--customer-id", type=int, help="the customer of /users that it shops as")
    arguments = parser.parse_args()
    try:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    except (KeyboardInterrupt, EOFError):
        print("\nNo account was made.", file=sys.stderr)
        return 130
    try:
        wanted = NewAccount(
            username=arguments.username,
            password=password,
            role=Role(arguments.role),
            customer_id=arguments.customer_id,
        )
        values = wanted.model_dump()
        values["password_hash"] = accounts.hash_password(values.pop("password"), wanted.username)
        migrate_configured()
        run(lambda connection: accounts.create_account(connection, **values), writes=True)
    except ValidationError as error:
        for entry in error.errors(include_input=False, include_url=False):
            print(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}", file=sys.stderr)
        return 1
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{wanted.username} may sign in as {wanted.role.value}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
