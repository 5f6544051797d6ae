"""By which names the page may be called: a stranger's name that leads here is a trick.

DNS rebinding: a website lets its own name lead to 127.0.0.1, and its scripts then count as the
page's. The browser still tells the name, in the header Host. Flask's TRUSTED_HOSTS knows neither
IPv6 nor "any address in numbers", which is what a page for the whole network needs.
"""

import socket
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

EVERYWHERE = {"0.0.0.0", "::", ""}  # as --host: every network of this computer


def is_ours(header: str, host: str, names: Collection[str] = ()) -> bool:
    """Return whether a request came by a name of this page.

    Arguments:
        header: what the request says in its header Host, such as "localhost:8000".
        host: where the page listens. Where it listens everywhere, every address in numbers is
            ours, since a trick needs a name, and so are the names of this computer.
        names: further ones, such as that of a server in front.
    """
    called = without_port(header)
    known = {"localhost", *map(plain, names), *([] if host in EVERYWHERE else [plain(host)])}
    if called in known:
        return True
    try:
        address = ip_address(called)
    except ValueError:
        return host in EVERYWHERE and called in own_names()
    return address.is_loopback or host in EVERYWHERE


def without_port(header: str) -> str:
    """Return the name in a header Host; nothing where there is more than a name and a port."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return ""
    return plain(parts.hostname or "") if parts.netloc == header and "@" not in header else ""


def plain(name: str) -> str:
    """Return a name in small letters, without brackets and the last dot."""
    return name.strip("[]").removesuffix(".").lower()


def own_names() -> set[str]:
    """Return how this computer is called in its network."""
    name = plain(socket.gethostname())
    return {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"} - {""}
