"""``manage.py audit_verify``: prove every chain of the audit log whole."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from audit import anchors
from audit.log import first_broken
from audit.models import Anchor, ChainHead, Event


class Command(BaseCommand):
    """Reads every event again; the exit code is 1 when a chain does not hold."""

    help = "Prove every chain of the audit log whole; exit code 1 and the broken event in words when one is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--chain", action="append", help="only this chain, e.g. 78-0001 or node")

    def handle(self, *args: Any, **options: Any) -> None:
        known = set(ChainHead.objects.values_list("chain", flat=True))
        known |= set(Event.objects.order_by().values_list("chain", flat=True).distinct())
        chains = options["chain"] or sorted(known)
        broken = [line for chain in chains if (line := self.fault(chain, known))]
        moved = [] if options["chain"] else anchors.faults()
        for line in (*broken, *moved):
            self.stderr.write(line)
        if broken or moved:
            raise CommandError(
                _("The event log was changed: %(chains)d chains broken, %(anchors)d anchors broken.")
                % {"chains": len(broken), "anchors": len(moved)},
                returncode=1,
            )
        self.stdout.write(
            _("The event log is whole: %(chains)d chains, %(anchors)d anchors.")
            % {"chains": len(chains), "anchors": Anchor.objects.count()}
        )

    def fault(self, chain: str, known: set[str]) -> str:
        """Return what is wrong with a chain, in words; empty when it holds."""
        if chain not in known:
            return _("%s: there is no such chain.") % chain
        event = first_broken(chain)
        if event is not None:
            return _(
                "%(chain)s: event no. %(number)d (“%(kind)s”, %(at)s, %(actor)s) does not follow from the one before."
            ) % {
                "chain": chain,
                "number": event.number,
                "kind": event.kind_words,
                "at": f"{event.at:%d.%m.%Y %H:%M:%S} UTC",
                "actor": event.actor,
            }
        last = Event.objects.filter(chain=chain).order_by("-number").first()
        head = ChainHead.objects.filter(chain=chain).first()
        found = (last.number, last.hash) if last else (0, "")
        if head is None or (head.number, head.hash) != found:
            return _(
                "%(chain)s: the chain ends with event no. %(expected)d, but the last one found is no. %(found)d."
            ) % {
                "chain": chain,
                "expected": head.number if head else 0,
                "found": found[0],
            }
        self.stdout.write(_("%(chain)s: %(count)d events, the chain is whole.") % {"chain": chain, "count": found[0]})
        return ""
