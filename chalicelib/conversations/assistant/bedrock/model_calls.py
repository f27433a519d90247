"""Calls of a language model by Bedrock's Converse, and what may come of them. The only user of bedrock-runtime.

Texts are neither logged nor put into errors: an error is a code.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

# Sends a request of Converse, waiting so many seconds at most; raises ModelFailed.
Converse = Callable[[Mapping[str, Any], float], Mapping[str, Any]]

_CONNECT_S = 3.0
_LEAST_S, _MOST_S = 1, 30

_CODES = {
    "ThrottlingException": "throttled",
    "ServiceQuotaExceededException": "throttled",
    "AccessDeniedException": "access-denied",
    "UnrecognizedClientException": "access-denied",
    "ExpiredTokenException": "access-denied",
    "InvalidSignatureException": "access-denied",
    "ResourceNotFoundException": "model-not-found",
    "ValidationException": "invalid-request",
    "ModelTimeoutException": "timeout",
    "ModelErrorException": "model-error",
    "InternalServerException": "model-error",
    "ServiceUnavailableException": "unavailable",
    "ModelNotReadyException": "unavailable",
}
# After these nobody knows whether the model has worked, and is paid.
_MAY_HAVE_WORKED = frozenset({"timeout", "model-error", "connection"})


class ModelFailed(Exception):
    """There is no answer of the model; `code` says why, `may_cost` whether it may have worked all the same."""

    def __init__(self, code: str, *, may_cost: bool | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.may_cost = code in _MAY_HAVE_WORKED if may_cost is None else may_cost


def converse_in(region: str | None) -> Converse:
    """Return what calls the models of a region; None is that of the functions."""

    def call(request: Mapping[str, Any], timeout_s: float) -> Mapping[str, Any]:
        # Function-level: 300 ms that only a shop with a model pays.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: Mapping[str, Any] = _client_of(region, timeout_s).converse(**request)
        except ClientError as error:
            raise ModelFailed(_CODES.get(error.response.get("Error", {}).get("Code", ""), "failed")) from None
        except BotoCoreError as error:
            raise _failure_of(error) from None
        return answer

    return call


def _failure_of(error: Exception) -> ModelFailed:
    from botocore import exceptions  # loaded by whoever got here

    if isinstance(error, exceptions.ReadTimeoutError):
        return ModelFailed("timeout")
    if isinstance(error, exceptions.ConnectTimeoutError):
        return ModelFailed("timeout", may_cost=False)
    if isinstance(error, exceptions.ConnectionError):
        return ModelFailed("connection", may_cost=False)
    if isinstance(error, exceptions.HTTPClientError):
        return ModelFailed("connection")
    if isinstance(error, exceptions.NoCredentialsError | exceptions.CredentialRetrievalError):
        return ModelFailed("no-credentials")
    if isinstance(error, exceptions.NoRegionError):
        return ModelFailed("no-region")
    return ModelFailed("invalid-request" if isinstance(error, exceptions.ParamValidationError) else "failed")


_making = threading.Lock()


def _client_of(region: str | None, timeout_s: float) -> Any:
    """Return a client that waits so long; the time-outs of one cannot be changed, so there is one for each second."""
    with _making:
        return _client(region, min(max(round(timeout_s), _LEAST_S), _MOST_S))


@lru_cache(maxsize=_MOST_S)
def _client(region: str | None, read_s: int) -> Any:
    from botocore.config import Config  # loaded by whoever got here

    # Tried once: what is left of the time is better spent on the engine that answers instead.
    config = Config(connect_timeout=min(_CONNECT_S, read_s), read_timeout=read_s, retries={"total_max_attempts": 1})
    return _session().client("bedrock-runtime", region_name=region, config=config)


@cache
def _session() -> Any:
    """Return what clients are made of: it reads the description of the service once for all of them."""
    import boto3  # see `converse_in`

    return boto3.Session()
