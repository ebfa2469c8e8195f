"""bench.py VENVS REDIS_URL: one table of decisions a second, and of FastAPI's requests. Started by ./run.

Every subject has the same policy (1,000,000 tokens a minute for each of 1,000 identities, so that all calls are allowed) and takes its
turn in a process of its own; of three turns each, taken alternately, the best counts.
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SUBJECTS = ["libdrl", "libdrl spin=False", "distributed-rate-limiter", "limits", "throttled-py", "pyrate-limiter"]
WAYS = ["1 thread", "64 threads", "1,000 tasks"]
TURNS = 3
SECONDS = 2


def measure(venvs, program, *arguments):
    """What a program of a subject's environment counted in a second; None when it failed."""
    python = venvs / arguments[0].split()[0] / "bin" / "python"
    command = [str(python), str(HERE / program), *arguments, str(SECONDS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    if done.returncode != 0:
        print(f"{' '.join(arguments)}: ended with {done.returncode}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def best_of(turns):
    return max((turn for turn in turns if turn is not None), default=None)


def rates(venvs, url):
    """By way: the best rate of each subject."""
    found = {}
    for way in WAYS:
        turns = {subject: [] for subject in SUBJECTS}
        for _ in range(TURNS):
            for subject in SUBJECTS:
                turns[subject].append(measure(venvs, "subject.py", subject, way, url))
        found[way] = {subject: best_of(turns[subject]) for subject in SUBJECTS}
    return found


def shown(rate, ours):
    return f"{'failed':>18}" if rate is None else f"{rate:>10,.0f} {ours / rate:>6.1f}x"


def main():
    venvs, url = pathlib.Path(sys.argv[1]), sys.argv[2]
    found = rates(venvs, url)
    print("Decisions a second, and how many times as many libdrl takes\n")
    print(f"{'':26}" + "".join(f"{way:>18}" for way in WAYS))
    for subject in SUBJECTS:
        print(f"{subject:26}" + "".join(shown(found[way][subject], found[way]["libdrl"]) for way in WAYS))
    print("\nFastAPI under uvicorn, one worker, 64 connections: requests a second\n")
    turns = {"without": [], "with": []}
    for _ in range(TURNS):
        for limited, rates_of in turns.items():
            rates_of.append(measure(venvs, "server.py", "libdrl", limited, url))
    without, limited = best_of(turns["without"]), best_of(turns["with"])
    print(f"{'without the middleware':26}{without:>10,.0f}")
    print(f"{'with it':26}{limited:>10,.0f} {limited / without:>6.2f}x")


main()
