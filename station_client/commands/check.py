"""`verify`: any file of the exam day, offline. Imports nothing that this does not need."""

import argparse

from station_client import verifying
from station_client.commands import OK, PROBLEMS, REFUSED
from station_client.talk import Talk


def verify(args: argparse.Namespace, talk: Talk) -> int:
    """Check files."""
    trust = verifying.trust_from(ca=args.ca, exam=args.package, crl=args.crl)
    verdicts = set()
    for path in args.files:
        report = verifying.verify(path, trust)
        talk.report(report)
        verdicts.add(report.verdict)
    return REFUSED if "refused" in verdicts else PROBLEMS if "problems" in verdicts else OK
