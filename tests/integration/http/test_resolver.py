"""The resolver against a model of its own contract, over random and damaged headers."""

import ipaddress
import os
import unittest

import resolver_model as model
from driver import hexed, run, seeded, unhexed

CASES = int(os.environ.get("DRL_CASES", "40000"))
CASES_PER_RESOLVER = 20
GARBAGE = ["unknown", "_hidden", "", " ", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "::1::", "1:2:3:4:5:6:7",
           ":::", "%", "[1.2.3.4]", "[::1", "::1]", "localhost", "<x>", "1.2.3.4:", "1.2.3.4:123456", "::ffff:1.2.3",
           "fe80::1%", "\x00", "1:2:3:4::5:6:7:8", "\xff", "1.2.3.4\n", "12345::", "-1.2.3.4", "+1.2.3.4",
           "1.2.3.4/8", "1 .2.3.4", "0x1.2.3.4", "::1.2.3.4:5"]


def random_address(rng):
    """Few distinct values, so that trusted networks are hit often."""
    pick = rng.random()
    if pick < 0.5:
        first = rng.choice(["10.0.0", "10.1.2", "192.168.1", "203.0.113", "198.51.100", "172.16.0", "172.32.0",
                            "127.0.0"])
        return ipaddress.ip_address(f"{first}.{rng.choice([0, 1, 7, 254, 255])}")
    if pick < 0.6:
        return ipaddress.IPv4Address(rng.getrandbits(32))
    if pick < 0.9:
        first = rng.choice(["2001:db8:", "2001:db8:ffff:", "fe80:", "fec0:", "fd00:", "::ffff:10.0.0", "::"])
        if first.endswith(".0"):
            return ipaddress.ip_address(first + ".1")
        return ipaddress.ip_address(first.rstrip(":") + "::" + f"{rng.choice([0, 1, 0xABC]):x}")
    zeros = rng.getrandbits(128) & sum(0xFFFF << (16 * i) for i in range(8) if rng.random() < 0.5)
    return ipaddress.IPv6Address(zeros)


def spelled(rng, address):
    """One of the spellings that mean this address."""
    if address.version == 4:
        text = str(address)
        if rng.random() < 0.15:
            text = rng.choice([f"::ffff:{text}", str(ipaddress.IPv6Address((0xFFFF << 32) | int(address)))])
        elif rng.random() < 0.25:
            return f"{text}:{rng.choice(['80', '65535', '0', '_port', '99999'])}"
    else:
        text = rng.choice([str(address), address.exploded, str(address).upper(), address.exploded.upper()])
    if ":" not in text:
        return text
    if rng.random() < 0.1:
        text += rng.choice(["%eth0", "%25", "%a.b-c_d~e"])
    if rng.random() < 0.5:
        text = f"[{text}]" + rng.choice(["", ":443", ":_x"])
    return text


def node(rng):
    return rng.choice(GARBAGE) if rng.random() < 0.06 else spelled(rng, random_address(rng))


def quoted(rng, text):
    return '"' + "".join("\\" + c if c in '"\\' or rng.random() < 0.02 else c for c in text) + '"'


def forwarded_element(rng):
    text = node(rng)
    plain = all(c.isalnum() or c in "._" for c in text) and text and text.isascii()
    name = rng.choice(["for", "For", "FOR"])
    pairs = [f"{name}={text if plain and rng.random() < 0.8 or rng.random() < 0.02 else quoted(rng, text)}"]
    extra = ["proto=https", "by=_x", 'host="a, for=9.9.9.9"', 'host="\\", for=8.8.8.8"', 'by=""', "for=1.1.1.1", "",
             "x", 'a="\\', "=x", "x="]
    weights = [20, 20, 10, 10, 6, 2, 4, 1, 1, 1, 1]
    pairs += rng.choices(extra, weights, k=rng.choice([0, 0, 1, 2]))
    rng.shuffle(pairs)
    return rng.choice([";", ";", " ; "]).join(pairs)


def random_line(rng, header):
    make = forwarded_element if header == model.FORWARDED else node
    count = rng.choice([0, 1, 1, 2, 3, 5]) if rng.random() < 0.98 else rng.randint(60, 80)
    line = rng.choice([",", ", ", " ,\t"]).join(make(rng) for _ in range(count))
    data = bytearray(line.encode("latin-1"))
    for _ in range(rng.choice([0] * 12 + [1, 2])):  # damage
        at = rng.randint(0, len(data))
        scrap = rng.choice([b'"', b"\\", b",", b";", b"=", b"\0", b" ", b":", b"]", b"1", b""])
        data[at:at + rng.randint(0, 2)] = scrap
    return bytes(data)


def random_lines(rng, header):
    lines = [random_line(rng, header) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
    if rng.random() < 0.01:  # about the length bound
        size = model.LENGTH_MAX - sum(len(line) + 1 for line in lines) + rng.randint(-20, 20)
        padding = rng.choice([b" ", b"1", b'"']) * max(0, size)
        lines.insert(rng.randint(0, len(lines)), rng.choice([padding, b"10.0.0.1," + padding, padding + b",10.0.0.1"]))
    return lines


def random_options(rng):
    trust = rng.choice([model.NONE, model.NETWORKS, model.NETWORKS, model.PRIVATE, model.PRIVATE, model.HOPS])
    networks = []
    if trust == model.NETWORKS or trust == model.PRIVATE and rng.random() < 0.3:
        pool = ["10.0.0.0/8", "10.1.0.0/16", "203.0.113.7", "198.51.100.0/25", "0.0.0.0/0", "::/0", "2001:db8::/32",
                "unix:", "2001:db8:ffff::1/128", "172.16.0.0/31"]
        networks = rng.sample(pool, rng.randint(1, 4))
    return {
        "trust": trust,
        "header": rng.choice([model.X_FORWARDED_FOR, model.FORWARDED]),
        "hops": rng.choice([1, 2, 3, 64]) if trust == model.HOPS else 0,
        "prefix4": rng.choice([0, 0, 32, 24, 1, rng.randint(1, 32)]),
        "prefix6": rng.choice([0, 0, 128, 56, 1, rng.randint(1, 128)]),
        "networks": networks,
    }


def random_peer(rng):
    if rng.random() < 0.1:
        return rng.choice([b"", b"unix:", b"@", b"/run/x.sock", b"localhost", b"unix", b"10.0.0.1 ", b"\0"])
    return spelled(rng, random_address(rng)).encode()


class Resolver(unittest.TestCase):
    def test_agrees_with_the_model(self):
        rng = seeded()
        commands, cases = [], []
        for i in range(CASES):
            if i % CASES_PER_RESOLVER == 0:
                options = random_options(rng)
                words = [*list(options.values())[:5], len(options["networks"]), *map(hexed, options["networks"])]
                commands.append("resolver " + " ".join(str(word) for word in words))
                cases.append(None)
            peer, lines = random_peer(rng), random_lines(rng, options["header"])
            commands.append(" ".join(["resolve", hexed(peer), str(len(lines)), *map(hexed, lines)]))
            cases.append((options, peer, lines))
        seen = set()
        for case, answer in zip(cases, run(commands)):
            self.assertEqual(answer[0], "ok")
            if case is None:
                continue
            want = model.resolve(*case)
            self.assertEqual(unhexed(answer[1]).decode(), want, case)
            seen.add(want)
        # A generator that only ever makes peers the clients would prove nothing.
        self.assertGreater(len(seen), CASES // 100)

    def test_agrees_at_the_length_bound(self):
        """The bound falls on an element, its comma, or the join of two lines."""
        rng = seeded()
        commands, cases = [], []
        for _ in range(CASES // 40):
            header = rng.choice([model.X_FORWARDED_FOR, model.FORWARDED])
            options = {"trust": model.PRIVATE, "header": header, "hops": 0, "prefix4": 0, "prefix6": 0, "networks": []}
            name = "for=" if header == model.FORWARDED else ""
            nodes = [name + f"10.0.0.{i}" for i in range(1, 6)]
            joints = [rng.choice([",", "\n"]) for _ in nodes[1:]]
            # What is behind the k-th comma, plus a few bytes more or less, fills the bound.
            k = rng.randrange(len(joints))
            behind = sum(len(node) + 1 for node in nodes[k + 1:]) - 1
            padding = model.LENGTH_MAX - behind + rng.randint(-12, 3)
            at = rng.randint(k + 1, len(nodes) - 1)
            nodes[at] = rng.choice([" " * padding + nodes[at], nodes[at] + " " * padding])
            joined = nodes[0] + "".join(joint + node for joint, node in zip(joints, nodes[1:]))
            lines = [line.encode() for line in joined.split("\n")]
            commands.append(f"resolver {model.PRIVATE} {header} 0 0 0 0")
            commands.append(" ".join(["resolve", hexed(b"10.0.0.9"), str(len(lines)), *map(hexed, lines)]))
            cases += [(options, b"10.0.0.9", lines)]
        for case, answer in zip(cases, run(commands)[1::2]):
            self.assertEqual(unhexed(answer[1]).decode(), model.resolve(*case), [len(line) for line in case[2]])

    def test_agrees_on_one_address(self):
        """Only parsing and formatting: the peer, nobody trusted, the whole address kept."""
        rng = seeded()
        peers = [node(rng).encode("latin-1") for _ in range(CASES // 2)]
        options = {"trust": model.NONE, "header": 0, "hops": 0, "prefix4": 32, "prefix6": 128, "networks": []}
        answers = run(["resolver 0 0 0 32 128 0"] + [f"resolve {hexed(peer)} 0" for peer in peers])
        for peer, answer in zip(peers, answers[1:]):
            self.assertEqual(unhexed(answer[1]).decode(), model.resolve(options, peer, []), peer)


if __name__ == "__main__":
    unittest.main()
