"""Setting the outbox up: endpoints as the settings describe them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping

from watcher.deliver import REQUESTS_PER_SECOND, Endpoint
from watcher.handler import Notifier
from watcher.outbound import Outbound
from watcher.ready import Ready
from watcher.settings import EndpointSettings
from watcher.store import endpoints
from watcher.store.database import Store

__all__ = ["endpoints_of", "note_settings"]

log = logging.getLogger(__name__)


def endpoints_of(ready: Ready, outbound: Outbound) -> dict[str, Endpoint]:
    """Return the endpoints by name."""
    return {
        name: _endpoint(notifier, ready.settings.endpoint[name], outbound) for name, notifier in ready.notifiers.items()
    }


def note_settings(store: Store, settings: Mapping[str, EndpointSettings]) -> None:
    """Have an endpoint whose settings changed begin anew: it may be another, or mended. Raises ``StoreError``."""
    fingerprints = {name: _fingerprint(one) for name, one in settings.items()}
    for name in store.write_now(endpoints.adopt, fingerprints):
        log.info("settings changed: the endpoint begins anew", extra={"endpoint": name})


def _endpoint(notifier: Notifier, settings: EndpointSettings, outbound: Outbound) -> Endpoint:
    given = settings.requests_per_second
    if given is None:
        # What its service is known to take, if that is less.
        known = notifier.requests_per_second
        given = REQUESTS_PER_SECOND if known is None else min(REQUESTS_PER_SECOND, known)
    return Endpoint(
        notifier,
        outbound.post_for(settings.allow),
        concurrency=settings.concurrency,
        ordered=settings.ordered,
        requests_per_second=given,
    )


def _fingerprint(settings: EndpointSettings) -> str:
    # With more or less to be told it is no other endpoint.
    told = json.dumps(settings.model_dump(mode="json", exclude={"filings"}), sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
