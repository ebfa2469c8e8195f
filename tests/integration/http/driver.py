"""Talks to http_driver, the program that exposes src/http on stdin and stdout.

Its path comes from the variable DRL_HTTP_DRIVER.
"""

import os
import random
import subprocess


def hexed(text):
    data = text if isinstance(text, bytes) else text.encode()
    return data.hex() or "-"


def unhexed(text):
    return b"" if text == "-" else bytes.fromhex(text)


def run(commands):
    """Runs all commands in one process; returns the answers, each as its list of words."""
    program = os.environ["DRL_HTTP_DRIVER"]
    done = subprocess.run([program], input="\n".join(commands) + "\n", capture_output=True, text=True, check=True)
    answers = [line.split(" ") for line in done.stdout.splitlines()]
    assert len(answers) == len(commands), (len(answers), len(commands), done.stderr)
    return answers


def seeded():
    """A random generator whose seed is printed, and taken from DRL_SEED to repeat a run."""
    seed = int(os.environ.get("DRL_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"DRL_SEED={seed}", flush=True)
    return random.Random(seed)
