"""What packaging/ says about metrics is true of those that are served."""

import glob
import json
import os
import re
import shutil
import subprocess

import receiving
import support

PACKAGING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                         "..", "packaging")
PROMETHEUS = os.path.join(PACKAGING, "prometheus")


def promtool():
    return os.environ.get("PROMTOOL") or shutil.which("promtool")


def names_in(text):
    return set(re.findall(r"\bsubrelay_[a-z_]+\b", text))


def expressions(thing):
    """Every value under "expr", however deep."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key == "expr":
                yield value
            yield from expressions(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from expressions(value)


class Packaging(receiving.Receiving):
    def served(self):
        """The names of all samples, the labels of each."""
        sandbox = self.start_sandbox()
        receiver = self.start_receiver(url=sandbox.url)
        self.send(receiver, receiving.body("one"))
        self.wait_until_settled()
        support.wait_until(
            lambda: "subrelay_quota_left" in self.metrics(receiver),
            "the quota is recorded")
        names = {}
        for sample in self.metrics(receiver):
            name, _, labels = sample.partition("{")
            names.setdefault(name, set()).update(
                re.findall(r'([a-z]+)="', labels))
        return names

    def test_dashboard_and_alerts_ask_for_what_is_served(self):
        served = self.served()
        asked = []
        for path in glob.glob(os.path.join(PACKAGING, "grafana", "*.json")):
            with open(path, encoding="utf-8") as file:
                asked += expressions(json.load(file))
        self.assertGreater(len(asked), 20)
        with open(os.path.join(PROMETHEUS, "subrelay.rules.yml"),
                  encoding="utf-8") as file:
            rules = file.read()
        asked += [re.sub(r"(?m)^ *(summary|description|#).*$", "", rules)]
        for expression in asked:
            self.assertEqual(names_in(expression) - set(served), set())
            for name, labels in re.findall(
                    r"(subrelay_[a-z_]+)\{([^}]*)\}", expression):
                used = set(re.findall(r"([a-z]+) *=", labels))
                self.assertLessEqual(used - {"instance", "job"},
                                     served[name], expression)

    def test_what_is_served_is_shown(self):
        """No metric that nobody looks at."""
        shown = set()
        for path in glob.glob(os.path.join(PACKAGING, "*", "*")):
            with open(path, encoding="utf-8") as file:
                shown |= names_in(file.read())
        families = {re.sub(r"_(bucket|sum|count)$", "", name)
                    for name in self.served()}
        families -= {re.sub(r"_(bucket|sum|count)$", "", name)
                     for name in shown}
        self.assertEqual(families, {"subrelay_quota_reset_timestamp_seconds"})

    def test_rules(self):
        if promtool() is None:
            self.skipTest("no promtool here")
        for arguments in (["check", "rules", "subrelay.rules.yml"],
                          ["test", "rules", "subrelay.rules.test.yml"]):
            done = subprocess.run([promtool(), *arguments], cwd=PROMETHEUS,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("SUCCESS", done.stdout)
            self.assertNotIn("FAILED", done.stdout + done.stderr)


if __name__ == "__main__":
    support.main()
