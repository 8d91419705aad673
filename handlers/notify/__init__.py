"""The ways of telling an endpoint that come with eightk."""

from handlers.notify.log import Log
from handlers.notify.webhook import Webhook

__all__ = ["Log", "Webhook"]
