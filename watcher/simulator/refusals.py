"""What EDGAR answers instead of what was asked for: block pages, the maintenance page, the archive's XML errors.

Titles and main headings are EDGAR's, since clients tell the pages by them. The rest is the simulator's own.
"""

from __future__ import annotations

import re

from watcher.simulator.exchange import HTML, XML, Reply

__all__ = [
    "access_denied",
    "has_contact",
    "no_such_key",
    "not_allowed",
    "page",
    "too_fast",
    "unavailable",
    "undeclared",
]

_CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def has_contact(user_agent: str) -> bool:
    """Whether a User-Agent tells whom to write to."""
    return _CONTACT.search(user_agent) is not None


def page(title: str, heading: str, text: str, *, status: int, is_block: bool = False) -> Reply:
    """Answer with a page for people."""
    body = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
        '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />\n'
        f"<title>SEC.gov | {title}</title>\n</head>\n"
        f'<body>\n<div id="content">\n<h1>{heading}</h1>\n<p>{text}</p>\n'
        "<p>This page comes from a simulator, not from the SEC.</p>\n</div>\n</body>\n</html>\n"
    )
    return Reply(body.encode(), HTML, status, is_block=is_block)


def undeclared() -> Reply:
    """Refuse a client that does not say who it is."""
    return page(
        "Your Request Originates from an Undeclared Automated Tool",
        "Your Request Originates from an Undeclared Automated Tool",
        "Please name your company and a mail address in the User-Agent header.",
        status=403,
        is_block=True,
    )


def too_fast(status: int = 403) -> Reply:
    """Refuse a client that asks more than ten times a second; which status goes with it is told differently."""
    return page(
        "Request Rate Threshold Exceeded",
        "You’ve Exceeded the SEC’s Traffic Limit",
        "Requests are refused for ten minutes, and for longer if they go on as fast.",
        status=status,
        is_block=True,
    )


def unavailable() -> Reply:
    """Say that there is maintenance: what EDGAR answers past the end of its live list, and in an outage."""
    text = "Please come back later."
    return page("File Unavailable", "This page is temporarily unavailable.", text, status=503)


def access_denied() -> Reply:
    """Say what the archive says of an index that does not exist."""
    return _s3("AccessDenied", "<Message>Access Denied</Message>", 403)


def no_such_key(path: str) -> Reply:
    """Say that there is no such file."""
    key = path.lstrip("/").replace("&", "&amp;").replace("<", "&lt;")
    return _s3("NoSuchKey", f"<Message>The specified key does not exist.</Message><Key>{key}</Key>", 404)


def not_allowed() -> Reply:
    """Refuse any method but GET and HEAD."""
    return page("Method Not Allowed", "Method Not Allowed", "Only GET and HEAD are answered.", status=405)


def _s3(code: str, rest: str, status: int) -> Reply:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>{rest}'
        "<RequestId>SIMULATED0000000</RequestId><HostId>simulator</HostId></Error>"
    )
    return Reply(text.encode("utf-8", "replace"), XML, status)
