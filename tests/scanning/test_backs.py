"""Backs: an empty one is known as one whatever shows through or lies on it; what somebody wrote or printed never is."""

import sys

import cv2
import numpy as np
import pytest

from drawing.draw import paper
from scanning.recognition.picture import PageImage
from scanning.recognition.sheet import recognise
from tests.scanning.drawn import px
from tests.scanning.measured import spec

SEED = 41
WHITE = 236
#: Thresholds were chosen on the even sheets of the drawn set; what is said here is of the odd ones.
TUNED, TOLD = range(0, 12, 2), range(1, 12, 2)


def scanned(page, rng, bilevel, level=150):
    noisy = np.clip(page.astype(np.int16) + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8)
    return np.where(noisy > level, 255, 0).astype(np.uint8) if bilevel else noisy


def front(index):
    return np.asarray(paper(spec(SEED, index)))


def sheet_of(value=WHITE):
    return np.full((px(297), px(210)), value, np.uint8)


def through(rng, index, depth):
    """The front's print and writing as the paper shows it on its other side, so many of 255 darker."""
    pale = cv2.GaussianBlur(255 - front(index)[:, ::-1], (0, 0), 1.5).astype(np.float32) / 255 * depth
    return (WHITE - pale).astype(np.uint8)


def dirt(rng, index, specks):
    page = sheet_of()
    for _ in range(int(specks)):
        place = (int(rng.integers(page.shape[1])), int(rng.integers(page.shape[0])))
        cv2.circle(page, place, int(rng.integers(1, 7)), int(rng.integers(0, 120)), -1)
    return page


def recycled(rng, index, fibres):
    page = sheet_of(215)
    for _ in range(int(fibres)):
        x, y = rng.integers(page.shape[1]), rng.integers(page.shape[0])
        turn, long = rng.uniform(0, 6.3), rng.uniform(3, 12)
        end = (int(x + long * np.cos(turn)), int(y + long * np.sin(turn)))
        cv2.line(page, (int(x), int(y)), end, int(rng.integers(110, 190)), 1)
    return page


def dark_edge(rng, index, millimetres):
    page, wide = sheet_of(), px(millimetres)
    side = index % 4
    slope = np.linspace(0, wide, page.shape[side % 2]).astype(int)  # the paper lay askew before a black lid
    for place, depth in enumerate(slope):
        line = page[place] if side % 2 == 0 else page[:, place]
        line[:depth] = 10
    return page[::-1, ::-1] if side > 1 else page


def holes(rng, index, count):
    page = sheet_of()
    for place in np.linspace(60, 237, int(count)):
        cv2.circle(page, (px(12), px(place)), px(3), 15, -1)
    return page


def folded(rng, index, millimetres):
    page, side = sheet_of(), px(millimetres)
    cv2.fillPoly(page, [np.array([(0, 0), (side, 0), (0, side)], np.int32)], 20)
    return page


def rollers(rng, index, depth):
    page = sheet_of()
    for x in (60, 105, 150):
        page[:, px(x) : px(x + 6)] -= np.uint8(depth)
    return cv2.blur(page, (31, 31)).astype(np.uint8)


#: Kind, whether a scanner of black and white is asked too, strengths; the last must be known as empty as well.
EMPTY = {
    "shown through": (through, False, (5, 10, 20, 30, 45, 60)),
    "dirt": (dirt, True, (0, 10, 100, 300)),
    "recycled paper": (recycled, True, (200, 1000, 3000)),
    "dark edge": (dark_edge, True, (1, 4, 8, 15)),
    "punched holes": (holes, True, (2, 4, 6)),
    "folded corner": (folded, True, (5, 15, 25)),
    "rollers": (rollers, False, (5, 20, 40)),
}


def write(page, rng, words, level):
    """Words as a hand writes them: strokes that go up and down along a line."""
    for word in range(words):
        x, y = px(30 + 25 * (word % 6)), px(60 + 12 * (word // 6))
        across = np.cumsum(rng.integers(8, 16, 14)) + x
        up = y + rng.integers(-18, 18, 14)
        cv2.polylines(page, [np.stack([across, up], axis=1).astype(np.int32)], False, level, 4, cv2.LINE_AA)
    return page


def written_back(rng, index, level):
    return write(sheet_of(), rng, 4, int(level))


def written_through(rng, index, level):
    return write(through(rng, index, 30), rng, 4, int(level))


def lost_codes(rng, index, lightest):
    """A front whose codes nobody reads: all print paler, the codes smeared, three squares torn off."""
    page = np.array(front(index))
    page[px(20) : px(48), px(120) :] = 240
    page[px(248) :, :] = 240
    page[: px(20), : px(40)] = 240
    return (WHITE - (255 - page.astype(np.float32)) / 255 * (WHITE - lightest)).astype(np.uint8)


FULL = {
    "written back": (written_back, (30, 90, 130, 170)),
    "written back, shown through": (written_through, (30, 90, 120)),
    "front without codes": (lost_codes, (0, 90, 130, 170)),
}


def read(page, *, bilevel):
    return recognise(PageImage(np.ascontiguousarray(page), 300, bilevel=bilevel))[0]


def problems(reading):
    return {doubt.kind for doubt in reading.doubts if doubt.severity == "problem"}


def share_empty(draw, strength, indices, *, bilevel):
    told = []
    for index in indices:
        rng = np.random.default_rng([SEED, index])
        told.append(
            problems(read(scanned(draw(rng, index, strength), rng, bilevel), bilevel=bilevel)) == {"empty_page"}
        )
    return sum(told) / len(told)


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_an_empty_back_is_known_as_one(name):
    draw, both, strengths = EMPTY[name]
    for bilevel in (False, True) if both else (False,):
        for strength in strengths:
            assert share_empty(draw, strength, TOLD[:2], bilevel=bilevel) == 1, (name, strength, bilevel)


@pytest.mark.parametrize("name", sorted(FULL))
def test_a_page_with_something_on_it_is_never_called_empty(name):
    draw, strengths = FULL[name]
    for bilevel in (False, True):
        for strength in strengths:
            if bilevel and strength > 140:
                continue  # the scanner lost it, not we
            assert share_empty(draw, strength, TOLD[:2], bilevel=bilevel) == 0, (name, strength, bilevel)


@pytest.mark.parametrize("depth", [60, 110])
@pytest.mark.parametrize("noise", [7, 10])
def test_what_shows_through_in_black_and_white_is_no_front(depth, noise):
    rng = np.random.default_rng(3)
    back = through(rng, 4, depth).astype(np.float32)
    grey = back + rng.normal(0, noise, back.shape)
    reading = read(np.where(grey > WHITE - 0.7 * depth, 255, 0).astype(np.uint8), bilevel=True)
    assert (reading.number, problems(reading)) == (None, {"empty_page"})
    assert reading.back_of == spec(SEED, 4).number


def test_a_genuine_pair_shows_through_and_keeps_both_numbers():
    for depth in (20, 45, 60):
        for index in (1, 3):
            rng = np.random.default_rng(index)
            own = np.asarray(paper(spec(SEED, index)))
            both = np.minimum(np.minimum(own, WHITE), through(rng, index + 1, depth))
            reading = read(scanned(both, rng, bilevel=False), bilevel=False)
            assert (reading.number, reading.record) == (spec(SEED, index).number, "bilevel")
            assert problems(reading) == set()


@pytest.mark.prove
def test_the_strength_at_which_a_back_is_no_longer_known():
    """Each kind far beyond what is asked; a sheet that turns must turn to a person, never to a number."""
    beyond = {
        "shown through": (30, 60, 70, 80, 100, 130),
        "dirt": (300, 600, 1200, 2500),
        "recycled paper": (3000, 6000, 12000),
        "dark edge": (15, 25, 40, 60),
        "folded corner": (25, 40, 60),
        "rollers": (40, 80, 120),
    }
    for half, indices in (("tuned on", TUNED), ("told of", TOLD)):
        for name, strengths in beyond.items():
            draw, both, _ = EMPTY[name]
            for bilevel in (False, True) if both else (False,):
                found = {each: share_empty(draw, each, indices, bilevel=bilevel) for each in strengths}
                way = "black and white" if bilevel else "grey"
                sys.stdout.write(
                    f"{half}: {name}, {way}: " + ", ".join(f"{k}: {v:.0%}" for k, v in found.items()) + "\n"
                )
        for name, (draw, strengths) in FULL.items():
            found = {each: share_empty(draw, each, indices, bilevel=False) for each in (*strengths, 190, 205, 220)}
            sys.stdout.write(
                f"{half}: {name} called empty: " + ", ".join(f"{k}: {v:.0%}" for k, v in found.items()) + "\n"
            )
            assert not any(found[each] for each in strengths)
