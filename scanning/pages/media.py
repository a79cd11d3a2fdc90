"""Pictures of sheets and the sound of recordings, within the scope of the person."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from common import files
from common.web.pages import page, row_number
from common.web.ranges import ranged_file
from scanning import pictures
from scanning.models import Recording, Sheet
from scanning.pages.finding import scoped
from wire.errors import PpeError

_MEDIA = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".flac": "audio/flac"}


@page("scanning/<sitting:key>/sheets/<int:pk>.png", name="scanning-sheet", node="hq")
def sheet_picture(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Answer the picture of a sheet."""
    sheet = scoped(request, key, Sheet.objects.all(), pk)
    width = row_number(request.GET.get("w", "900")) or 900
    etag = f'"{sheet.sha256[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    try:
        data = pictures.of_sheet(sheet, width=width)
    except PpeError as refusal:
        raise Http404(refusal.message.ru) from refusal
    return HttpResponse(
        data, content_type="image/png", headers={"ETag": etag, "Cache-Control": "private, max-age=3600"}
    )


@page("scanning/<sitting:key>/recordings/<int:pk>/", name="scanning-recording", node="hq")
def recording_sound(request: HttpRequest, key: str, pk: int) -> HttpResponseBase:
    """Answer a recording for the player of the page, whole or the part that the player asks for."""
    row = scoped(request, key, Recording.objects.all(), pk)
    path = files.inside(row.path)
    if not path.exists():
        raise Http404(row.name)
    return ranged_file(request, path, content_type=_MEDIA.get(path.suffix, "audio/ogg"), etag=row.sha256[:32])
