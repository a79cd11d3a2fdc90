"""What a printed report of the centre holds: the receipts inside it, and whether its pages speak of the same."""

import io
import re
from dataclasses import dataclass

from pypdf import PdfReader

from wire import canonical, cms
from wire.errors import PpeError
from wire.messages import Message

MAX_SIZE = 64 * 1024 * 1024
MAX_PAGES = 300
MAX_RECEIPT = 1024 * 1024
_FOOTER = re.compile(r"(?:Отчёт № (\d+)|Акт закрытия ([\d-]+)) · данные SHA-256 ([0-9a-f]{16})")
#: A paper that names the file of a packet, in full or by its first digits, speaks of what a receipt proves.
_PACKET = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}…|SHA-256 файла")


#: An act that says so itself speaks of packets that are on their way, as long as it calls none of them confirmed.
_NONE_YET, _CONFIRMED = "Квитанций ещё нет.", "Подтвержден"


class PdfError(PpeError):
    """It is no readable PDF, or none of ours."""

    code = "pdf"


@dataclass(frozen=True, slots=True)
class Paper:
    """A report as it was found.

    Attributes:
        number: Number of the centre's report in its footer; None when no page has one.
        sitting: The sitting in the footer of an act that was printed at the point; empty for other papers.
        data_sha256: First 16 digits of the hash of its data, from the footer.
        text: What stands on the pages, in one line.
        receipts: The signed receipts inside, by name.
    """

    number: int | None
    sitting: str
    data_sha256: str
    text: str
    receipts: dict[str, bytes]

    @property
    def proven_by_receipts(self) -> bool:
        """Whether its pages speak of what was said of packets, so that the receipts must lie inside."""
        if _NONE_YET in self.text and _CONFIRMED not in self.text:
            return False
        return _PACKET.search(self.text) is not None

    def silent(self, blob: bytes) -> bool:
        """Say whether the pages leave out what a receipt of this PDF says: its number or its packet."""
        said = canonical.loads(cms.unverified_content(blob))
        number, packet = said["number"], str(said["sha256"])
        return not re.search(rf"№ {number}(?!\d)", self.text) or packet[:8] not in self.text


def read(data: bytes) -> Paper:
    """Read a report.

    Raises:
        PdfError: it is no PDF, it is damaged, or it is far bigger than any report.
    """
    if len(data) > MAX_SIZE:
        raise PdfError(Message("The PDF is too big for a report."))
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if len(reader.pages) > MAX_PAGES:
            raise PdfError(Message("The PDF has too many pages for a report."))
        text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        receipts = {each.name: each.content for each in reader.attachment_list if each.name.endswith(".p7m")}
    except PdfError:
        raise
    except Exception as error:  # whatever the parser meets in a damaged or forged file
        raise PdfError(Message("The PDF is damaged and cannot be read.")) from error
    if any(len(blob) > MAX_RECEIPT for blob in receipts.values()):
        raise PdfError(Message("A file inside the PDF is too big."))
    footer = _FOOTER.search(text)
    if footer is None:
        return Paper(None, "", "", text, receipts)
    return Paper(int(footer[1]) if footer[1] else None, footer[2] or "", footer[3], text, receipts)
