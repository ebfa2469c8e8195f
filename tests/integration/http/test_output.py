"""Headers and problem bodies, read back by parsers that this project did not write, over random decisions."""

import json
import os
import unittest

import http_sfv

from driver import hexed, run, seeded, unhexed

ALLOWED, DENIED, NEVER, UNDECIDED = 1, 2, 3, 4
DRAFT, LEGACY, X, CACHE, CORS = 1, 2, 4, 8, 16
DECISIONS = int(os.environ.get("DRL_CASES", "4000"))
PRINTABLE = [chr(c) for c in range(32, 127)]


def random_policies(rng):
    names = set()
    count = rng.randint(1, 8)
    while len(names) < count:
        names.add("".join(rng.choices(PRINTABLE, k=rng.choice([1, 2, 8, 64]))))
    return [(name, rng.choice([1, 100, 10**12, rng.randint(1, 10**12)]), rng.randint(1, 10**9)) for name in names]


def random_time(rng):
    return rng.choice([0, 1, 999_999, 1_000_000, 1_000_001, rng.randint(0, 10**8), rng.randint(0, 2**50)])


def random_decision(rng, policies):
    outcome = rng.choice([ALLOWED, DENIED, DENIED, NEVER, UNDECIDED])
    return {
        "outcome": outcome,
        "allowed": 1 if outcome == ALLOWED else rng.randint(0, 1) if outcome == UNDECIDED else 0,
        "degraded": 1 if outcome == UNDECIDED else rng.randint(0, 1) if outcome == NEVER else 0,
        "binding": rng.randrange(len(policies)),
        "remaining": rng.choice([0, 1, rng.randint(0, 10**12)]),
        "retry": -1 if outcome == NEVER else max(1, random_time(rng)) if outcome == DENIED else 0,
        "reset": random_time(rng),
        "decided": rng.randint(10**15, 4 * 10**15),
    }


def random_options(rng):
    return {
        "styles": rng.choice([0, DRAFT, LEGACY, X, 7, 31, rng.randint(1, 31)]),
        "x_reset": rng.randint(0, 1),
        "lower": rng.randint(0, 1),
        "jitter": rng.choice([0, 0, 1, 10**6, rng.randint(0, 86400 * 10**6)]),
        "seed": rng.randint(-(2**63), 2**63 - 1),
    }


def random_text(rng):
    kinds = [PRINTABLE, [chr(c) for c in range(32)], list('"\\/'), list("é€😀\u2028\u0085\x7f")]
    text = "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.choice([0, 1, 20, 60]))).encode()
    if rng.random() < 0.3:
        text += bytes(rng.randrange(256) for _ in range(rng.randint(1, 40)))
    return text


def seconds(microseconds):
    return -(-microseconds // 1_000_000)


class Expected:
    """What the headers of one decision must say, worked out apart from the library."""

    def __init__(self, policies, decision, options):
        self.policies, self.decision, self.options = policies, decision, options
        self.styles = options["styles"] or DRAFT | LEGACY
        self.known = decision["outcome"] != UNDECIDED and not decision["degraded"]
        self.denied = decision["outcome"] == DENIED
        self.wait = decision["retry"] if self.denied else decision["reset"]
        self.refused = not decision["allowed"]

    def names(self):
        names = set()
        if self.styles & DRAFT:
            names |= {"ratelimit-policy"} | ({"ratelimit"} if self.known else set())
        for style, prefix in ((LEGACY, "ratelimit-"), (X, "x-ratelimit-")):
            if self.styles & style:
                names |= {prefix + "limit"} | ({prefix + "remaining", prefix + "reset"} if self.known else set())
        if self.refused and self.decision["outcome"] != NEVER:
            names.add("retry-after")
        if self.styles & CORS and names:
            names.add("access-control-expose-headers")
        if self.styles & CACHE and self.refused:
            names.add("cache-control")
        return names


class Output(unittest.TestCase):
    maxDiff = None

    def test_headers_read_back_as_the_decision(self):
        rng = seeded()
        commands, cases = [], []
        for _ in range(DECISIONS):
            policies = random_policies(rng)
            decision, options = random_decision(rng, policies), random_options(rng)
            words = " ".join(f"{hexed(n)} {q} {w}" for n, q, w in policies)
            commands.append(f"policies {len(policies)} {words}")
            commands.append("headers " + " ".join(str(v) for v in [*decision.values(), *options.values()]))
            cases.append(Expected(policies, decision, options))
        answers = run(commands)
        for expected, opened, answer in zip(cases, answers[::2], answers[1::2]):
            with self.subTest(decision=expected.decision, options=expected.options):
                self.assertEqual(opened, ["ok"])
                self.assertEqual(answer[0], "ok")
                self.check_headers(expected, answer[1:])

    def check_headers(self, expected, words):
        raw = [(unhexed(n), unhexed(v)) for n, v in zip(words[::2], words[1::2])]
        for name, value in raw:
            self.assertTrue(all(32 <= c < 127 for c in name + value), (name, value))
        if expected.options["lower"]:
            self.assertEqual([n for n, _ in raw], [n.lower() for n, _ in raw])
        got = {name.decode().lower(): value for name, value in raw}
        self.assertEqual(len(got), len(raw))
        self.assertEqual(set(got), expected.names())
        self.check_draft(expected, got)
        self.check_triples(expected, got)
        self.check_refusal(expected, got)

    def check_draft(self, expected, got):
        if "ratelimit-policy" in got:
            listed = http_sfv.List()
            listed.parse(got["ratelimit-policy"])
            want = [(n, {"q": q, "w": w}) for n, q, w in expected.policies]
            self.assertEqual([(item.value, dict(item.params)) for item in listed], want)
            self.assertFalse(any(isinstance(item.value, http_sfv.Token) for item in listed))
        if "ratelimit" in got:
            listed = http_sfv.List()
            listed.parse(got["ratelimit"])
            want = {"r": expected.decision["remaining"], "t": seconds(expected.wait)}
            name = expected.policies[expected.decision["binding"]][0]
            self.assertEqual([(item.value, dict(item.params)) for item in listed], [(name, want)])

    def check_triples(self, expected, got):
        quota = expected.policies[expected.decision["binding"]][1]
        delta = seconds(expected.wait)
        instant = seconds(expected.decision["decided"] + expected.wait)
        x_reset = instant if expected.options["x_reset"] else delta
        for prefix, reset in (("ratelimit-", delta), ("x-ratelimit-", x_reset)):
            if prefix + "limit" in got:
                self.assertEqual(int(got[prefix + "limit"]), quota)
            if prefix + "reset" in got:
                self.assertEqual(int(got[prefix + "remaining"]), expected.decision["remaining"])
                self.assertEqual(int(got[prefix + "reset"]), reset)

    def check_refusal(self, expected, got):
        if "retry-after" in got:
            wait = expected.decision["retry"] if expected.denied else 1_000_000
            after = int(got["retry-after"])
            self.assertGreaterEqual(after, max(1, seconds(wait)))
            self.assertLessEqual(after, seconds(wait + expected.options["jitter"]))
        if "cache-control" in got:
            self.assertEqual(got["cache-control"], b"no-store")
        if "access-control-expose-headers" in got:
            exposed = set(got["access-control-expose-headers"].decode().lower().split(", "))
            self.assertEqual(exposed, expected.names() - {"access-control-expose-headers", "cache-control"})

    def test_problems_read_back_as_the_decision(self):
        rng = seeded()
        commands, cases = [], []
        for _ in range(DECISIONS):
            policies = random_policies(rng)
            decision = random_decision(rng, policies)
            detail, instance = random_text(rng), random_text(rng)
            words = " ".join(f"{hexed(n)} {q} {w}" for n, q, w in policies)
            commands.append(f"policies {len(policies)} {words}")
            numbers = f"{decision['outcome']} {decision['allowed']} {decision['binding']}"
            commands.append(f"problem {numbers} {hexed(detail)} {hexed(instance)}")
            cases.append((policies, decision, detail, instance))
        answers = run(commands)
        for case, answer in zip(cases, answers[1::2]):
            with self.subTest(case=case):
                self.assertEqual(answer[0], "ok")
                self.check_problem(*case, int(answer[1]), unhexed(answer[2]))

    def check_problem(self, policies, decision, detail, instance, status, body):
        if decision["allowed"]:
            self.assertEqual((status, body), (200, b""))
            return
        degraded = decision["outcome"] == UNDECIDED
        self.assertFalse(any(c < 32 or c == 127 for c in body), body)
        problem = json.loads(body.decode("utf-8", errors="strict"))
        kind = "temporary-reduced-capacity" if degraded else "quota-exceeded"
        self.assertEqual(status, 503 if degraded else 429)
        self.assertEqual(problem["status"], status)
        self.assertEqual(problem["type"], "https://iana.org/assignments/http-problem-types#" + kind)
        self.assertEqual(problem["violated-policies"], [] if degraded else [policies[decision["binding"]][0]])
        self.assertTrue(problem["title"])
        # The text survives; of what is not UTF-8 only the fact.
        for key, text in (("detail", detail), ("instance", instance)):
            if not text:
                self.assertTrue(key not in problem or decision["outcome"] == NEVER)
                continue
            try:
                self.assertEqual(problem[key], text.decode())
            except UnicodeDecodeError:
                self.assertIn("\ufffd", problem[key])
                self.assertEqual(problem[key].replace("\ufffd", ""), text.decode(errors="ignore").replace("\ufffd", ""))


if __name__ == "__main__":
    unittest.main()
