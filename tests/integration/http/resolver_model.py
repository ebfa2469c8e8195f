"""The rules of the client address resolver once more, on Python's ipaddress and regular expressions.

Written from the contract in drl/http.h and not from src/http: slow, and split by other means.
"""

import ipaddress
import re

NONE, NETWORKS, PRIVATE, HOPS = 0, 1, 2, 3
X_FORWARDED_FOR, FORWARDED = 0, 1
LENGTH_MAX, HOPS_MAX, NODE_MAX = 16384, 64, 128

PRIVATE_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                    "::1/128", "fe80::/10", "fc00::/7"]

PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
ZONE = r"(?:%[A-Za-z0-9._~-]+)?"
IPV4_NODE = re.compile(rf"([0-9.]+){PORT}")
IPV6_NODE = re.compile(rf"(?:\[([0-9A-Fa-f:.]+){ZONE}\]{PORT}|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*){ZONE})")

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
PAIR = rf"{TOKEN}=(?:{TOKEN}|{QUOTED})"
ELEMENT = re.compile(rf"[ \t;]*(?:{PAIR}(?:[ \t]*;[ \t;]*{PAIR})*[ \t;]*)?")
REAL_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')


def parse_address(version, text):
    try:
        address = ipaddress.IPv4Address(text) if version == 4 else ipaddress.IPv6Address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if version == 6 else None
    return mapped or address


def parse_node(text):
    match = IPV4_NODE.fullmatch(text)
    if match:
        return parse_address(4, match[1])
    match = IPV6_NODE.fullmatch(text)
    return parse_address(6, match[1] or match[2]) if match else None


def forwarded_for(element):
    if not ELEMENT.fullmatch(element):
        return ""
    values = [pair.split("=", 1)[1] for pair in re.findall(PAIR, element) if pair.lower().startswith("for=")]
    if len(values) != 1:
        return ""
    value = values[0]
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value if len(value) <= NODE_MAX else ""


def split_forwarded(line):
    """Commas with an even number of real quotation marks to their right divide."""
    quotes = [match.end() - 1 for match in REAL_QUOTE.finditer(line)]
    parts, end = [], len(line)
    for at in range(len(line) - 1, -1, -1):
        if line[at] == "," and sum(1 for quote in quotes if at < quote) % 2 == 0:
            parts.append(line[at + 1:end])
            end = at
    parts.append(line[:end])
    return parts


def hops(lines, header):
    """Addresses from the right; None for what is no address."""
    text = [line.decode("latin-1") for line in lines]
    total = sum(len(line) for line in text) + max(0, len(text) - 1)
    excess = max(0, total - LENGTH_MAX)  # bytes cut off the left end of the join
    cut = excess > 0
    while text and excess > len(text[0]):
        excess -= len(text.pop(0)) + 1
    if text:
        text[0] = text[0][excess:]
    found = []
    for line in reversed(text):
        if header == FORWARDED:
            found += [parse_node(forwarded_for(part)) for part in split_forwarded(line)]
        else:
            found += [parse_node(part.strip(" \t")) for part in reversed(line.split(","))]
    if cut and text:
        found.pop()
    return found[:HOPS_MAX]


def resolve(options, peer, lines):
    """options: trust, header, hops, prefix4, prefix6, networks. Returns the identity."""
    listed = options["networks"]
    networks = [ipaddress.ip_network(n) for n in listed if n != "unix:"]
    if options["trust"] == PRIVATE:
        networks += [ipaddress.ip_network(n) for n in PRIVATE_NETWORKS]
    peer = peer.decode("latin-1")
    address = parse_node(peer)
    local = address is None and (peer[:1] in ("/", "@") and peer != "" or peer.startswith("unix:"))

    def trusted(distance, at):
        if options["trust"] in (NONE, HOPS):
            return options["trust"] == HOPS and distance < options["hops"]
        if at is not None:
            return any(at in network for network in networks)
        if local:
            return options["trust"] == PRIVATE or "unix:" in listed
        return peer == "" and "unix:" in listed

    client, distance = address, 0
    for hop in hops(lines, options["header"]):
        if not trusted(distance, client) or hop is None:
            break
        client, distance = hop, distance + 1
    if client is None:
        return "unix" if local else "unknown"
    prefix = options["prefix4"] or 32 if client.version == 4 else options["prefix6"] or 64
    network = ipaddress.ip_network((client, prefix), strict=False)
    return str(network.network_address) if prefix == client.max_prefixlen else str(network)
