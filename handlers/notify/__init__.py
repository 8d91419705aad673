"""The ways of telling an endpoint that come with eightk."""

from handlers.notify.apprise import Apprise
from handlers.notify.command import Command
from handlers.notify.discord import Discord
from handlers.notify.file import File
from handlers.notify.log import Log
from handlers.notify.mail import Mail
from handlers.notify.nats import Nats
from handlers.notify.ntfy import Ntfy
from handlers.notify.slack import Slack
from handlers.notify.teams import Teams
from handlers.notify.webhook import Webhook

__all__ = ["Apprise", "Command", "Discord", "File", "Log", "Mail", "Nats", "Ntfy", "Slack", "Teams", "Webhook"]
