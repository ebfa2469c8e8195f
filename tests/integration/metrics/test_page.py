"""A page of metrics, read by prometheus-client: test_page.py PAGE NAME..., the page that metrics_page printed for these names."""

import math
import sys
import unittest

from prometheus_client.parser import text_string_to_metric_families

SERIES_MAX = 100
BUCKETS = {"drl_latency_seconds": [8e-6 * 2**i for i in range(20)], "drl_batch_decisions": [2**i for i in range(7)]}


class Page(unittest.TestCase):
    page, names = "", []

    def setUp(self):
        parsed = list(text_string_to_metric_families(self.page))
        self.families = {family.name: family for family in parsed}
        self.assertEqual(len(self.families), len(parsed), "a family stands there twice")

    def series(self, family, label):
        """{(namespace, limiter): {outcome or cause: count}}"""
        table = {}
        for sample in self.families[family].samples:
            labels = dict(sample.labels)
            row = table.setdefault((labels.pop("namespace"), labels.pop("limiter")), {})
            (key, value), = labels.items()
            self.assertEqual(key, label)
            self.assertNotIn(value, row)
            row[value] = sample.value
        return table

    def test_every_family_says_what_it_is(self):
        for name, family in self.families.items():
            self.assertIn(family.type, ("counter", "gauge", "histogram"), name)
            self.assertTrue(family.documentation.endswith("."), name)
            self.assertIn(f"# HELP {name}{'_total' if family.type == 'counter' else ''} ", self.page)

    def test_names_come_back_whatever_is_in_them(self):
        # Costs 0 (a peek) to 3 on 2 tokens: of each kind one.
        want = {"allowed": 1, "denied": 1, "never": 1, "peek": 1, "reset": 0}
        decided = self.series("drl_decisions", "outcome")
        for name in self.names:
            self.assertEqual(decided.get((name, "")), want, name)
            self.assertEqual(decided.get(("default", name)), want, name)

    def test_names_beyond_the_bound_share_a_series(self):
        decided = self.series("drl_decisions", "outcome")
        undecided = self.series("drl_undecided", "cause")
        self.assertEqual(decided.keys(), undecided.keys())
        self.assertEqual(len(decided), SERIES_MAX + 1)
        self.assertGreater(decided[("", "_other")]["allowed"], 1)

    def test_histograms_are_cumulative_and_complete(self):
        histograms = {name for name, family in self.families.items() if family.type == "histogram"}
        self.assertEqual(histograms, set(BUCKETS))
        for name, bounds in BUCKETS.items():
            samples = self.families[name].samples
            buckets = [(float(s.labels["le"]), s.value) for s in samples if s.name == name + "_bucket"]
            self.assertEqual([round(le * 1e6) for le, _ in buckets[:-1]], [round(bound * 1e6) for bound in bounds])
            self.assertEqual(buckets[-1][0], math.inf)
            counts = [count for _, count in buckets]
            self.assertEqual(counts, sorted(counts))
            (total,) = [s.value for s in samples if s.name == name + "_count"]
            (size,) = [s.value for s in samples if s.name == name + "_sum"]
            self.assertEqual(total, counts[-1])
            self.assertGreater(size, 0)

    def test_latency_is_counted_for_each_decision(self):
        counts = self.series("drl_decisions", "outcome").values()
        decided = sum(row[outcome] for row in counts for outcome in ("allowed", "denied", "peek", "reset", "never"))
        (total,) = [s.value for s in self.families["drl_latency_seconds"].samples if s.name.endswith("_count")]
        self.assertIn(decided - total, (0, 1))  # the I/O thread counts the last one just after it has answered

    def test_one_breaker_state_holds(self):
        states = {s.labels["state"]: s.value for s in self.families["drl_breaker_state"].samples}
        self.assertEqual(states, {"closed": 1, "open": 0, "half_open": 0})


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        Page.page = file.read()
    Page.names = sys.argv[2:]
    unittest.main(argv=sys.argv[:1])
