"""Sheets drawn for the tests of recognition: the marks and codes of the catalogue's geometry on A4 at 300 dpi."""

import datetime as dt

import cv2
import numpy as np
import zxingcpp

from wire import forms

DPI = 300
MM = DPI / 25.4


def px(mm: float) -> int:
    return round(mm * MM)


def _stamp(page, text, barcode_format, x, y, module, height=None, **options):
    made = zxingcpp.create_barcode(text, barcode_format, **options)
    small = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False))
    wide = round(small.shape[1] * module * MM)
    high = px(height) if height else round(small.shape[0] * module * MM)
    big = cv2.resize(small, (wide, high), interpolation=cv2.INTER_NEAREST)
    page[px(y) : px(y) + high, px(x) : px(x) + wide] = big


def draw(
    kind="R",
    serial=1,
    *,
    region="78",
    point="0001",
    date=dt.date(2026, 5, 29),
    subject="01",
    room="0101",
    writing=60,
    seed=0,
    code128=True,
    datamatrix=True,
    number=None,
):
    page = np.full((px(297), px(210)), 255, np.uint8)
    geometry = forms.GEOMETRY
    for x, y in geometry.corners:
        half = geometry.corner_size / 2
        page[px(y - half) : px(y + half), px(x - half) : px(x + half)] = 0
    x, y = geometry.orientation_centre
    half = geometry.orientation_size / 2
    page[px(y - half) : px(y + half), px(x - half) : px(x + half)] = 0
    number = number or forms.make_number(kind, serial)
    if code128:
        x0, y0, _, y1 = geometry.code128_box
        _stamp(page, number, zxingcpp.BarcodeFormat.Code128, x0, y0, geometry.code128_module, y1 - y0)
        cv2.putText(page, number, (px(x0), px(y1 + 5)), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    if datamatrix:
        text = forms.sheet_code(number, region=region, point=point, date=date, subject=subject, room=room)
        for x, y in geometry.datamatrix_origins:
            _stamp(page, text, zxingcpp.BarcodeFormat.DataMatrix, x, y, geometry.datamatrix_module)
    for line in range(62, 250, 8):
        page[px(line) : px(line) + 3, px(17) : px(193)] = 0
    cv2.putText(page, f"FORM {kind}", (px(20), px(45)), cv2.FONT_HERSHEY_SIMPLEX, 3, 0, 6)
    rng = np.random.default_rng(seed)
    for _ in range(writing):
        x, y = rng.uniform(20, 180), rng.uniform(66, 240)
        points = np.cumsum(np.vstack([[px(x), px(y)], rng.integers(-22, 26, (6, 2))]), axis=0)
        cv2.polylines(page, [points.astype(np.int32)], isClosed=False, color=30, thickness=5)
    return page


def damage(page, *, angle=0.0, noise=0.0, blur=0.0, lines=0, seed=0, bilevel=True, scale=1.0):
    rng = np.random.default_rng(seed)
    out = page
    if angle or scale != 1.0:
        height, width = page.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        out = cv2.warpAffine(out, matrix, (width, height), borderValue=(255,))
        if scale != 1.0:
            out = cv2.resize(out, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if blur:
        out = cv2.GaussianBlur(out, (0, 0), blur)
    if noise:
        out = np.clip(out.astype(np.int16) + rng.normal(0, noise, out.shape), 0, 255).astype(np.uint8)
    if bilevel:
        out = np.where(out > 140, 255, 0).astype(np.uint8)
    if lines:
        out = out.copy()
        for x in rng.integers(int(out.shape[1] * 0.1), int(out.shape[1] * 0.9), lines):
            out[:, x : x + 3] = 0
    return out
