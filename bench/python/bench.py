"""bench.py VENVS REDIS_URL: one table of decisions a second, and of FastAPI's requests. Started by ./run.

Every subject has the same policy (1,000,000 tokens a minute for each of 1,000 identities, so that all calls are allowed) and takes its
turn in a process of its own; of three turns each, taken alternately, the best counts. What fails is said, and the others go on.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SUBJECTS = ["libdrl", "libdrl spin=False", "distributed-rate-limiter", "limits", "throttled-py", "pyrate-limiter"]
WAYS = ["1 thread", "64 threads", "1,000 tasks"]
SERVERS = {"without": "without the middleware", "with": "with it"}
TURNS = 3
SECONDS = 2


def measure(venvs, program, *arguments):
    """What a program of a subject's environment counted in a second; 0 when it failed."""
    python = venvs / arguments[0].split()[0] / "bin" / "python"
    command = [str(python), str(HERE / program), *arguments, str(SECONDS)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
        return float(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        print(f"{' '.join(arguments[:2])}: {error}", file=sys.stderr)
        return 0.0


def best_of_turns(venvs, url, program, runs):
    """By run, which is a subject and what it shall do: its best rate."""
    best = dict.fromkeys(runs, 0.0)
    for _ in range(TURNS):
        for run in runs:
            best[run] = max(best[run], measure(venvs, program, *run, url))
    return best


def shown(rate, factor):
    return f"{rate:>10,.0f} {factor:>6.2f}x" if rate > 0 else f"{'failed':>18}"


def print_decisions(venvs, url):
    best = best_of_turns(venvs, url, "subject.py", [(subject, way) for way in WAYS for subject in SUBJECTS])
    print("Decisions a second, and how many times as many libdrl takes\n")
    print(f"{'':26}" + "".join(f"{way:>18}" for way in WAYS))
    for subject in SUBJECTS:
        rates = [(best[subject, way], best["libdrl", way]) for way in WAYS]
        print(f"{subject:26}" + "".join(shown(rate, ours / rate if rate else 0) for rate, ours in rates), flush=True)
    return all(best.values())


def print_requests(venvs, url):
    best = best_of_turns(venvs, url, "server.py", [("libdrl", limited) for limited in SERVERS])
    print("\nFastAPI under uvicorn, one worker, 64 connections: requests a second\n")
    without = best["libdrl", "without"]
    for limited, name in SERVERS.items():
        rate = best["libdrl", limited]
        print(f"{name:26}" + shown(rate, rate / without if without else 0))
    return all(best.values())


def main():
    # The peers ask for other commands than ours, so all are the user that may do everything.
    venvs, url = pathlib.Path(sys.argv[1]), sys.argv[2].replace("://", "://admin:admin@")
    ended = [print_decisions(venvs, url), print_requests(venvs, url)]
    sys.exit(0 if all(ended) else 1)


main()
