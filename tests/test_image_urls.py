"""Images from URLs: what may be asked for, for how long, how much, and what is said if not."""

import base64
import contextlib
import gc
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from functools import partial
from urllib.parse import quote

import numpy as np
import pytest
import requests
from requests_hardened import ip_filter

from conftest import few_quick
from helpers.images import ImageError, fetch_image, image_pixels, open_image, opening
from hostile_server import PNG, HostileServer, bomb

PUBLIC = "93.184.216.34"
REAL_CONNECT, REAL_LOOK_UP = socket.socket.connect, socket.getaddrinfo


@pytest.fixture
def server():
    with HostileServer() as running:
        yield running


@pytest.fixture
def fetch(server):
    """Fetch a path of the hostile server, with short limits."""

    def fetch(path, seconds=5.0, max_bytes=1_000_000):
        return fetch_image(server.url + path, seconds, max_bytes, local=server.address)

    return fetch


@pytest.fixture
def trapped(server, monkeypatch):
    """Lead every call of the process, whatever its address, to the hostile server.

    Returns the list of the addresses called. What must not be called must not get into it.
    """
    called = []

    def connect(self, address):
        called.append(address[:2])
        if self.family == socket.AF_INET6:
            raise ConnectionRefusedError("noted")
        return REAL_CONNECT(self, ("127.0.0.1", server.port))

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(ip_filter, "allowed_gai_family", lambda: socket.AF_UNSPEC)
    return called


@pytest.fixture
def names(monkeypatch):
    """A name server for tests: name -> addresses, one for each look-up, the last for ever after.

    Addresses written in any way are read as ever; no other name is known.
    """
    known = {"localhost": ["127.0.0.1"], "localhost.": ["127.0.0.1"]}

    def look_up(host, port, *arguments, **options):
        addresses = known.get(str(host).lower())
        if addresses:
            host = addresses[0] if len(addresses) == 1 else addresses.pop(0)
        elif re.search("[g-wyz]", str(host).lower()):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return REAL_LOOK_UP(host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def said(url, **options) -> str:
    """Return the message with which a URL is refused."""
    with pytest.raises(ImageError) as caught:
        fetch_image(url, **options)
    message = str(caught.value)
    assert len(message) < 350 and message.endswith(".") and message.isprintable()
    return message


# The good case


@pytest.mark.parametrize(
    "path", ["/photo.png", "/wrong-type", "/no-length", "/chunked", "/1", "/2", "/3", "/cookie"]
)
def test_an_image_comes_as_it_is(fetch, path):
    assert fetch(path) == PNG


@pytest.mark.parametrize("path", ["/redirect-and-gzip-bomb", "/redirect-and-endless"])
def test_the_body_of_a_redirect_is_not_read(fetch, server, path):
    assert fetch(path) == PNG
    assert server.sent < 3_000_000


def test_open_image_takes_urls(server, monkeypatch):
    monkeypatch.setattr(opening, "fetch_image", partial(fetch_image, local=server.address))
    assert open_image(f"{server.url}/photo.png").getpixel((3, 3)) == (255, 0, 0)
    assert np.all(image_pixels(f" {server.url}/1\n", 5) == [255, 0, 0])
    for path, reason in {
        "/page": "is a web page; right-click the image on it and copy its address",
        "/page-as-image": "is a web page; right-click",
        "/svg": "is an SVG drawing. Export it as PNG",
        "/empty": "is empty",
        "/half-an-image": "is damaged or cut off",
        "/gzip-bomb": "is packed with gzip. Unpack it",
    }.items():
        with pytest.raises(ImageError, match=f"^{re.escape(server.url + path)} {reason}"):
            open_image(server.url + path)


def test_what_is_sent_is_honest_and_little(fetch, server, root, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch("/cookie")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert len(server.requests) == 2
    for request, path in zip(server.requests, ("/cookie", "/photo.png"), strict=True):
        lines = request.strip().split("\r\n")
        assert lines[0] == f"GET {path} HTTP/1.1"
        assert sorted(lines[1:]) == [
            "Accept-Encoding: identity",
            f"Host: {server.address}",
            f"User-Agent: {project['name']}/{project['version']}",
        ]


def test_proxies_of_the_environment_are_not_asked(server, monkeypatch):
    """A proxy would look the names up itself, past the check."""
    with HostileServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        url = f"{server.url}/photo.png"
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        assert fetch_image(url, local=server.address) == PNG
        assert proxy.connections == [] and len(server.connections) == 1
        requests.get(url, timeout=5)  # the trap is set: this one walks into it
        assert len(proxy.connections) == 1 and url in proxy.requests[0]


# Data URLs

BASE64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{BASE64}",
        f"DATA:image/png;charset=x;base64,{BASE64}",
        f"  data:;base64,{BASE64[:30]}\n {BASE64[30:]}\n",
        f"data:text/html;base64,{quote(BASE64)}",
        f"data:image/png,{quote(PNG)}",
    ],
)
def test_data_urls(url):
    assert open_image(url).getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("data:", "is no valid address. Copy it once more"),
        ("data:image/png;base64", "is no valid address"),
        (f"data:image/png;base64,{BASE64[:-3]}", "is no valid address|is damaged"),
        (f"data:image/png;base64,{BASE64[:64]}", "is damaged or cut off"),
        ("data:image/png;base64,", "is empty"),
        ("data:text/html,<!doctype html><p>dog", "is a web page"),
        ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E", "is an SVG drawing"),
    ],
)
def test_bad_data_urls(url, reason):
    with pytest.raises(ImageError, match=reason):
        open_image(url)


def test_long_urls_are_shortened():
    with pytest.raises(ImageError) as caught:
        open_image("data:image/png;base64," + "QUJD" * 1_000_000)
    assert str(caught.value).startswith("data:image/png;base64,QUJD") and "…" in str(caught.value)
    assert len(str(caught.value)) < 350
    assert len(said("ftp://example.org/" + "x" * 9999)) < 350


# Addresses that are never called

PRIVATE = """
http://127.0.0.1/dog.jpg http://127.0.0.1:80/ http://127.0.0.1:443/ https://127.0.0.1/
http://127.1/ http://127.255.255.254/ http://2130706433/ http://0x7f000001/ http://0X7F.0.0.1/
http://0177.0.0.1/ http://017700000001/ http://127.0x1/ http://0/ http://0.0.0.0/
http://%31%32%37.0.0.1/
http://[::1]/ https://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/ http://[::ffff:10.0.0.1]/ http://[::ffff:a9fe:a9fe]/
http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.9.9/ http://192.168.1.1/
http://169.254.169.254/latest/meta-data/ http://2852039166/ http://0xa9fea9fe/
http://0251.0376.0251.0376/ http://[fd00:ec2::254]/latest/ http://100.100.100.200/latest/
http://100.64.0.1/ http://192.0.0.192/ http://192.0.2.1/ http://198.18.0.1/ http://203.0.113.9/
http://224.0.0.1/ http://240.0.0.1/ http://255.255.255.255/
http://[64:ff9b::7f00:1]/ http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b:1::a00:1]/
http://[fe80::1]/ http://[fc00::1]/ http://[fd12::1]/ http://[ff02::1]/ http://[2002:7f00:1::]/
http://[2001:0:7f00:1::]/ http://[2001:db8::1]/
http://[fec0::1]/ http://[feff::1]/ http://[fec0::1%251]/ http://[::127.0.0.1]/
http://[::a9fe:a9fe]/ http://[::ffff:0:7f00:1]/ http://[::ffff:0:169.254.169.254]/
http://168.63.129.16/metadata http://0xa83f8110/ http://[::ffff:168.63.129.16]/
http://wire.example.org/ https://site.example.org/
http://localhost/ https://localhost/ http://LocalHost/ http://localhost./ http://localhost:443/
http://metadata.google.internal/ http://router.home/ https://nas.example.org/
http://metadata.google.internal./computeMetadata/v1/ http://v6.example.org/
http://127.0.0.1\\@example.org/
http://127.0.0.1#@example.org/ http://127.0.0.1?@example.org/ http://127.0.0.1/@example.org/
""".split()

REFUSED = {
    "file:///etc/passwd": "has to begin with http:// or https://",
    "file://localhost/etc/passwd": "has to begin with http:// or https://",
    "FILE:///etc/passwd": "has to begin with http:// or https://",
    "ftp://example.org/dog.jpg": "has to begin with http:// or https://",
    "gopher://example.org:80/_GET": "has to begin with http:// or https://",
    "dict://example.org:80/": "has to begin with http:// or https://",
    "ws://example.org/": "has to begin with http:// or https://",
    "httpx://example.org/": "has to begin with http:// or https://",
    "http+unix://%2Frun%2Fdocker.sock/": "has to begin with http:// or https://",
    "view-source:http://example.org/": "has to begin with http:// or https://",
    "javascript:alert(1)": "has to begin with http:// or https://",
    "jar:http://example.org/!/": "has to begin with http:// or https://",
    "http://me:secret@example.org/": "and to hold no password",
    "https://me@example.org/": "and to hold no password",
    "http://:secret@example.org/": "and to hold no password",
    "http://example.org@127.0.0.1/": "and to hold no password",
    "http://me:secret%2F@127.0.0.1/": "and to hold no password",
    "http://example.org:80@127.0.0.1:22/": "and to hold no password",
    "http://example.org:22/": "asks for port 22, and only 80 and 443 are open",
    "http://example.org:8080/dog.jpg": "asks for port 8080, and only 80 and 443",
    "https://example.org:6379/": "asks for port 6379, and only 80 and 443",
    "http://127.0.0.1:8888/": "asks for port 8888, and only 80 and 443",
    "http://example.org:99999/": "is no valid address. Copy it once more",
    "http://example.org:-80/": "is no valid address",
    "http://example.org:dog/": "is no valid address",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/": "is no valid address",
    "http://127。0。0。1/": "is no valid address",
    "http://①②⑦.⓪.⓪.①/": "is no valid address",
    "http:127.0.0.1/": "is no valid address",
    "http:/127.0.0.1/": "is no valid address",
    "http:////127.0.0.1/": "is no valid address",
    "http://[::1/": "is no valid address",
    "http://[dog]/": "is no valid address",
    "http://": "is no valid address",
    "http:///dog.jpg": "is no valid address",
    "http://.example.org/": "is no valid address",
    f"http://{'a' * 70}.org/": "is no valid address|gives no answer",
    "http://*.example.org/": "is no valid address",
    "//example.org/dog.jpg": "is no valid address",
    "": "is no valid address",
    "http://unknown.example.org/": "gives no answer: no connection to unknown.example.org; save "
    "the image and upload it instead",
    "http://127.0.0.1.example.org/": "gives no answer: no connection to 127.0.0.1.example.org",
    "http://127.0.0.256/": "gives no answer: no connection to|is no valid address",
}


@pytest.fixture
def inside(names):
    """Names that lead inside, as an attacker's name server may say."""
    names["metadata.google.internal"] = names["metadata.google.internal."] = ["169.254.169.254"]
    names["router.home"], names["nas.example.org"] = ["192.168.1.1"], ["10.1.2.3"]
    names["v6.example.org"] = ["fd00::1"]
    names["wire.example.org"], names["site.example.org"] = ["168.63.129.16"], ["fec0::1"]
    names["example.org"] = [PUBLIC]
    return names


def test_the_trap_catches_what_is_let_through(trapped, inside, server):
    """Without this, the tests below could pass because nothing works at all."""
    with pytest.raises(ImageError, match="http://example.org/ answers 404 .Not Found."):
        fetch_image("http://example.org/")
    assert fetch_image("http://example.org:443/photo.png") == PNG
    assert trapped == [(PUBLIC, 80), (PUBLIC, 443)]
    assert "Host: example.org\r\n" in server.requests[0]
    requests.get("http://127.0.0.1/", timeout=5)
    assert trapped[2:] == [("127.0.0.1", 80)] and len(server.connections) == 3


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_not_called(trapped, inside, server, url):
    message = said(url)
    assert "has a private address, and only the public web is open; save the image" in message
    assert message.startswith(url[:30]) or message.startswith("http://…@example.org/ ")
    assert trapped == [] and server.connections == []


@pytest.mark.parametrize(("url", "reason"), REFUSED.items())
def test_refused_addresses_are_not_called(trapped, inside, server, url, reason):
    message = said(url)
    assert re.search(reason, message), message
    assert "secret" not in message
    assert trapped == [] and server.connections == []


def test_there_are_many_hostile_urls():
    assert len(set(PRIVATE)) + len(REFUSED) > 90


def test_open_image_reads_no_file_through_a_url(tmp_path, trapped):
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    assert open_image(path).size == open_image(str(path)).size == (8, 6)
    for url in (path.as_uri(), path.as_uri().replace("///", "//localhost/"), f"ftp://{path}"):
        with pytest.raises(ImageError, match="has to begin with http:// or https://"):
            open_image(url)
    assert trapped == []


def test_a_name_is_looked_up_once_and_that_address_is_called(trapped, names, server):
    """Rebinding: the second answer of the name server would lead inside."""
    names["rebind.example.org"] = [PUBLIC, "127.0.0.1"]
    assert fetch_image("http://rebind.example.org/photo.png") == PNG
    assert trapped == [(PUBLIC, 80)]
    assert names["rebind.example.org"] == ["127.0.0.1"]
    assert "private address" in said("http://rebind.example.org/photo.png")
    assert trapped == [(PUBLIC, 80)] and len(server.connections) == 1


def test_only_the_named_local_server_is_let_in(server, trapped, names):
    path = "/photo.png"
    assert fetch_image(server.url + path, local=server.address) == PNG
    with pytest.raises(ImageError, match="asks for port"):
        fetch_image(server.url + path)
    for local in (f"127.0.0.1:{server.port + 1}", "127.0.0.1", "localhost", "True", "1"):
        with pytest.raises(ImageError, match="asks for port"):
            fetch_image(server.url + path, local=local)
    with pytest.raises(ImageError, match="private address"):
        fetch_image(f"http://127.0.0.1{path}", local=server.address)
    with pytest.raises(ImageError, match="private address"):
        fetch_image("http://10.0.0.1:8123/", local="10.0.0.1:8123")
    assert len(trapped) == len(server.connections) == 1


def test_addresses_with_umlauts_and_blanks(server, trapped, names):
    names["xn--bcher-kva.example.org"] = [PUBLIC]
    assert fetch_image("HTTP://bücher.example.org/photo.png?hund=groß und rot#oben") == PNG
    assert server.requests[0].startswith("GET /photo.png?hund=gro%C3%9F%20und%20rot HTTP/1.1")
    assert "Host: xn--bcher-kva.example.org\r\n" in server.requests[0]


# Redirects


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/", "has a private address"),
        ("//169.254.169.254/latest/", "has a private address"),
        ("http://localhost/", "has a private address"),
        ("http://0x7f.1:80/", "has a private address"),
        ("https://[::ffff:127.0.0.1]/", "has a private address"),
        ("http://router.home/", "has a private address"),
        ("http://127.0.0.1:1/", "asks for port 1,"),
        ("http://example.org:8080/", "asks for port 8080,"),
        ("file:///etc/passwd", "has to begin with http"),
        ("ftp://example.org/", "has to begin with http"),
        ("javascript:alert(1)", "has to begin with http"),
        (f"data:image/png;base64,{BASE64}", "has to begin with http"),
        ("http://me:secret@example.org/", "and to hold no password"),
        ("/loop", "leads from one address to the next; save the image and upload"),
        ("/4", "leads from one address to the next"),
        ("/nowhere", "answers 302 .Found."),
        ("/404", "answers 404 .Not Found."),
        ("\x1b[31mred", "answers 404"),
        ("javascript:\x1b[31mred" + "x" * 999, "has to begin with http"),
        ("/" + "x" * 9999, "answers 404"),
    ],
)
def test_redirects_are_checked(server, fetch, trapped, inside, target, reason):
    server.redirects["/go"] = target
    with pytest.raises(ImageError) as caught:
        fetch("/go")
    message = str(caught.value)
    assert message.startswith(f"{server.url}/go leads ") and re.search(reason, message), message
    assert "secret" not in message and message.isprintable() and len(message) < 450
    assert {address for address in trapped} == {("127.0.0.1", server.port)}
    assert len(server.connections) == len(server.requests) <= 4


def test_three_redirects_are_followed_and_not_a_fourth(fetch, server):
    assert fetch("/3") == PNG and len(server.requests) == 4
    with pytest.raises(ImageError, match="leads from one address to the next"):
        fetch("/4")
    assert len(server.requests) == 8


# Limits


@pytest.mark.parametrize(
    "path",
    [
        "/endless",
        "/endless-chunks",
        "/endless-chunk-size",
        "/endless-headers",
        "/endless-header",
        "/announces-a-terabyte",
        "/gzip-endless",
    ],
)
def test_endless_answers_are_cut(fetch, server, path):
    with pytest.raises(ImageError, match="upload it"):
        fetch(path)
    assert server.hung_up.wait(5)
    assert server.sent < 6_000_000


@pytest.mark.parametrize("path", ["/endless", "/endless-chunks", "/announces-a-terabyte"])
def test_too_many_bytes_are_called_so(fetch, path):
    with pytest.raises(ImageError, match=rf"{path} has more than 1 MB\. Save it, scale it down"):
        fetch(path)


def test_the_limit_is_exact(fetch):
    assert fetch("/no-length", max_bytes=len(PNG)) == PNG
    assert fetch("/chunked", max_bytes=len(PNG)) == PNG
    for path in ("/no-length", "/chunked", "/photo.png"):
        with pytest.raises(ImageError, match="has more than"):
            fetch(path, max_bytes=len(PNG) - 1)


def test_the_usual_limits():
    assert fetch_image.__defaults__ == (15, 10_000_000, "")


def test_nothing_is_unpacked(fetch):
    assert fetch("/gzip-bomb") == bomb()


@pytest.mark.parametrize(
    "path",
    few_quick(
        [
            "/drip",
            "/silent",
            "/drip-without-length",
            "/drip-chunks",
            "/drip-headers",
            "/drip-status",
            "/drip-continue",
            "/drip-redirect",
            "/silent-body",
            "/late-redirect",
        ],
        2,
    ),
)
def test_the_deadline_is_kept_and_the_line_is_cut(fetch, server, path):
    before = threading.active_count()
    with pytest.raises(ImageError, match=rf"{path} took more than 0\.3 seconds; save the image"):
        fetch(path, seconds=0.3, max_bytes=10**12)
    assert server.hung_up.wait(3)  # no thread of ours is left listening
    assert server.requests
    wait_until(lambda: not workers())
    assert threading.active_count() <= before + 1  # the server's own


@pytest.mark.parametrize("path", ["/endless-continue", "/endless-trailers"])
def test_endless_small_talk_ends(fetch, path):
    with pytest.raises(ImageError, match=r"took more than 0\.3 seconds|has more than 1 MB"):
        fetch(path, seconds=0.3)
    wait_until(lambda: not workers())


def workers():
    """Threads of ours that still listen to a server."""
    return [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


def wait_until(condition, seconds=3):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_slow_name_server_is_not_waited_for(server, names, trapped, monkeypatch):
    quick, names["slow.example.org"] = socket.getaddrinfo, [PUBLIC]
    late = threading.Event()

    def slow(host, *arguments, **options):
        if host == "slow.example.org":
            late.wait(60)
        return quick(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    assert "took more than 0.3 seconds" in said("http://slow.example.org/drip", seconds=0.3)
    assert workers(), "the name is still being looked up"
    late.set()
    wait_until(lambda: not workers())
    assert server.requests == []  # the late thread asks for nothing any more


def test_a_server_that_does_not_pick_up(names, monkeypatch):
    def connect(self, address):
        time.sleep(self.gettimeout())
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", connect)
    names["example.org"] = [PUBLIC]
    assert re.search("took more than|no connection", said("http://example.org/", seconds=0.3))


@pytest.mark.slow
def test_the_program_ends_although_a_server_drips(server, root):
    """The interpreter waits for threads at its end: none may be left."""
    code = f"""
from helpers.images import ImageError, fetch_image
for path in ("/drip-headers", "/silent", "/drip"):
    try:
        fetch_image("{server.url}" + path, seconds=0.3, local="{server.address}")
    except ImageError as error:
        print(error)
try:
    fetch_image("http://127.0.0.1/")
except ImageError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=20
    )
    assert run.stdout.count("took more than 0.3 seconds") == 3
    assert run.stdout.count("has a private address") == 1
    assert (run.returncode, run.stderr) == (0, "")


# Failures and their words


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "/404",
            r"answers 404 \(Not Found\)\. Check the address, or save the image and upload",
        ),
        ("/404-with-photo", r"answers 404 \(Not Found\)"),
        ("/403", r"answers 403 \(Forbidden\)"),
        ("/500", r"answers 500 \(Internal Server Error\)"),
        ("/599", r"answers 599 \(unknown\)"),
        ("/204", r"answers 204"),
        ("/206", r"answers 206"),
        ("/304", r"answers 304"),
        ("/nowhere", r"answers 302"),
        ("/truncated", r"broke off\. Try again, or save the image and upload it instead"),
        ("/truncated-chunks", r"broke off\."),
        ("/bad-chunk-size", r"broke off\."),
        ("/closes", r"gives no answer"),
        ("/rubbish", r"gives no answer"),
        ("/bad-status", r"gives no answer"),
    ],
)
def test_failures_are_called_by_their_names(fetch, server, path, reason):
    with pytest.raises(ImageError) as caught:
        fetch(path)
    message = str(caught.value)
    assert re.search(f"^{re.escape(server.url + path)} {reason}", message), message
    assert message.isprintable() and caught.value.__suppress_context__


def test_a_redirect_to_nonsense(server, fetch):
    server.redirects["/go"] = "http://[::1/"
    with pytest.raises(ImageError, match="is no valid address"):
        fetch("/go")


@pytest.mark.parametrize("path", ["/bad-length", "/negative-length"])
def test_a_senseless_length_does_no_harm(fetch, path):
    assert fetch(path) in (PNG, b"")


def test_without_a_network_it_says_so_and_tries_once(monkeypatch):
    asked = []

    def look_up(*arguments, **_options):
        asked.append(arguments)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ImageError) as caught:
        open_image("https://example.org/dog.jpg")
    assert len(asked) == 1
    assert str(caught.value) == (
        "https://example.org/dog.jpg gives no answer: no connection to example.org; "
        "save the image and upload it instead."
    )


@pytest.mark.parametrize("error", [ConnectionRefusedError(), OSError(101, "unreachable")])
def test_without_a_route_it_says_so_at_once(names, monkeypatch, error):
    def connect(self, address):
        raise error

    monkeypatch.setattr(socket.socket, "connect", connect)
    names["example.org"] = [PUBLIC]
    assert "no connection to example.org; save the image" in said("http://example.org/dog.jpg")


@pytest.mark.parametrize("path", ["/keep-alive", "/3", "/404", "/page", "/endless", "/truncated"])
def test_every_line_is_closed_at_once(fetch, monkeypatch, path):
    """Not when memory is tidied up some day: a crawl would run out of sockets."""
    lines = []

    def connect(self, address):
        lines.append(self)
        return REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    gc.disable()
    try:
        with contextlib.suppress(ImageError):
            fetch(path)
        wait_until(lambda: lines and all(line.fileno() == -1 for line in lines))
    finally:
        gc.enable()


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that nobody has signed but itself, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


def test_a_certificate_that_nobody_signed_is_refused(certificate):
    with HostileServer(certificate) as server:
        message = said(f"{server.url}/photo.png", local=server.address)
        assert "has no certificate to trust; save the image and upload it instead" in message
        assert server.requests == []


def test_a_trusted_certificate_has_to_be_of_the_host(certificate, names, monkeypatch):
    trust = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    monkeypatch.setattr(requests.adapters, "_preloaded_ssl_context", trust, raising=False)
    with HostileServer(certificate) as server:
        local = f"localhost:{server.port}"
        assert fetch_image(f"https://{local}/photo.png", local=local) == PNG
        names["dog.example.org"] = ["127.0.0.1"]
        local = f"dog.example.org:{server.port}"
        assert "has no certificate to trust" in said(f"https://{local}/photo.png", local=local)
        assert len(server.requests) == 1


def test_a_server_without_tls_is_refused(server):
    url = server.url.replace("http:", "https:")
    assert "has no certificate to trust" in said(f"{url}/photo.png", local=server.address)
