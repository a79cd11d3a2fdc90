"""Train the digit model: ``python -m scanning.recognition.train_digits FOLDER`` with the samples' folder of digits.

The first 1,000 digits teach, the other 500 are never looked at but for the figures printed at the end. Everything
random comes from one seed, so the weights come out the same again.
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scanning.recognition.digits import SIDE, WEIGHTS, DigitModel, Floats, Ink, Network, features, normalise, softmax

TAUGHT = 1000
SEED = 20260529
NETWORKS = 3
_ROW = 50
_COPIES = 10
_HIDDEN = 96
_EPOCHS = 25
_BATCH = 128
_RATE = 2e-3
_DECAY = 2e-4
_DROPPED = 0.2
_FOLDS = 4
#: Share sent to a person, judged by folds; taught on all thousand, the model is surer and sends about a tenth.
_SENT = 0.12

Labels = NDArray[np.int64]


def load(folder: Path) -> tuple[list[Ink], Labels]:
    """The digits of the samples, ink bright, with what they are.

    Raises:
        FileNotFoundError: the folder has no digits.
    """
    picture = cv2.imread(str(folder / "mnist_1500.png"), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FileNotFoundError(folder / "mnist_1500.png")
    with (folder / "mnist_1500_labels.csv").open() as lines:
        labels = [int(row["label"]) for row in csv.DictReader(lines)]
    places = [(SIDE * (index // _ROW), SIDE * (index % _ROW)) for index in range(len(labels))]
    return [picture[y : y + SIDE, x : x + SIDE].astype(np.uint8) for y, x in places], np.array(labels, np.int64)


def _warp(ink: Ink, rng: np.random.Generator) -> Ink:
    """The same digit by another hand: turned, leaning, bent, thicker or thinner, sometimes cut by a threshold."""
    turn, lean, (wide, high) = rng.normal(0, 0.12), rng.normal(0, 0.15), np.exp(rng.normal(0, 0.08, 2))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[wide, lean], [0, high]]
    bend = [cv2.GaussianBlur(rng.uniform(-9, 9, (SIDE, SIDE)), (0, 0), 4) for _axis in range(2)]
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    from_x, from_y = (matrix[i, 0] * x + matrix[i, 1] * y + (SIDE - 1) / 2 + bend[i] for i in range(2))
    out = cv2.remap(ink, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    dice = rng.random()
    if dice < 0.2:
        out = cv2.erode(out, np.ones((2, 2)))
    elif dice < 0.4:
        out = cv2.dilate(out, np.ones((2, 2)))
    out = _scan(out.astype(np.uint8), rng) if rng.random() < 0.5 else out.astype(np.uint8)
    return out if out.max() > 100 else ink


def _scan(ink: Ink, rng: np.random.Generator) -> Ink:
    """A digit as a cell of a form shows it: big, a little blurred, cut by one threshold."""
    big = cv2.resize(ink, None, fx=2.6, fy=2.6, interpolation=cv2.INTER_CUBIC)
    big = np.where(big > 115, 225, 0).astype(np.float64)
    big = cv2.GaussianBlur(big, (0, 0), rng.uniform(0.3, 1.2)) + rng.normal(0, 6, big.shape)
    return np.where(big > rng.integers(80, 135), 255, 0).astype(np.uint8)


def _lesson(inks: list[Ink], labels: Labels, rng: np.random.Generator) -> tuple[Floats, Labels]:
    copies = [*inks, *(_warp(ink, rng) for _copy in range(_COPIES) for ink in inks)]
    return features(np.stack([normalise(ink) for ink in copies])), np.tile(labels, _COPIES + 1)


def _teach(described: Floats, labels: Labels, seed: int) -> Network:
    """Adam with dropout and a falling rate."""
    rng = np.random.default_rng(seed)
    count, wide = described.shape
    drawn = [
        rng.normal(0, np.sqrt(2 / wide), (wide, _HIDDEN)),
        np.zeros(_HIDDEN),
        rng.normal(0, np.sqrt(1 / _HIDDEN), (_HIDDEN, 10)),
        np.zeros(10),
    ]
    weights: list[Floats] = [each.astype(np.float32) for each in drawn]
    mean, square = [np.zeros_like(each) for each in weights], [np.zeros_like(each) for each in weights]
    wanted = np.eye(10, dtype=np.float32)[labels] * 0.96 + 0.004
    step = 0
    for epoch in range(_EPOCHS):
        order = rng.permutation(count)
        rate = _RATE * (0.5 * (1 + np.cos(np.pi * epoch / _EPOCHS)) + 0.02)
        for start in range(0, count, _BATCH):
            batch = order[start : start + _BATCH]
            keep = (rng.random((len(batch), _HIDDEN)) > _DROPPED).astype(np.float32) / (1 - _DROPPED)
            step += 1
            for i, slope in enumerate(_slopes(weights, described[batch], wanted[batch], keep)):
                mean[i] = 0.9 * mean[i] + 0.1 * slope
                square[i] = 0.999 * square[i] + 0.001 * slope * slope
                move = (mean[i] / (1 - 0.9**step)) / (np.sqrt(square[i] / (1 - 0.999**step)) + 1e-8)
                weights[i] = (weights[i] - rate * move).astype(np.float32)
    return Network(*weights)


def _slopes(weights: list[Floats], x: Floats, wanted: Floats, keep: Floats) -> list[Floats]:
    hidden = np.maximum(x @ weights[0] + weights[1], 0) * keep
    error = (softmax(hidden @ weights[2] + weights[3]) - wanted) / len(x)
    back = (error @ weights[2].T) * keep * (hidden > 0)
    return [
        x.T @ back + _DECAY * weights[0],
        back.sum(axis=0),
        hidden.T @ error + _DECAY * weights[2],
        error.sum(axis=0),
    ]


def _threshold(inks: list[Ink], labels: Labels) -> float:
    """The confidence that all but a small share reach on digits that were held back from the lesson."""
    surest: list[Floats] = []
    for fold in range(_FOLDS):
        held = np.arange(len(inks)) % _FOLDS == fold
        rng = np.random.default_rng([SEED, fold])
        lesson = _lesson([ink for ink, out in zip(inks, held, strict=True) if not out], labels[~held], rng)
        model = DigitModel(tuple(_teach(*lesson, SEED + number) for number in range(NETWORKS)), 0.0)
        seen = np.stack([normalise(ink) for ink, out in zip(inks, held, strict=True) if out])
        surest.append(model.shares(features(seen)).max(axis=1))
    return float(np.quantile(np.concatenate(surest), _SENT))


def train(folder: Path) -> DigitModel:
    """Train on the first thousand digits of a folder."""
    inks, labels = load(folder)
    inks, labels = inks[:TAUGHT], labels[:TAUGHT]
    sure = _threshold(inks, labels)
    lesson = _lesson(inks, labels, np.random.default_rng(SEED))
    return DigitModel(tuple(_teach(*lesson, SEED + number) for number in range(NETWORKS)), sure)


def save(model: DigitModel, path: Path) -> None:
    """Write the weights, halved in width."""
    kept = {
        f"{name}{number}": getattr(network, name).astype(np.float16)
        for number, network in enumerate(model.networks)
        for name in Network.__dataclass_fields__
    }
    np.savez_compressed(path, networks=np.array(len(model.networks)), sure=np.array(model.sure), **kept)


def evaluate(model: DigitModel, folder: Path) -> tuple[float, float, float]:
    """On the digits never seen: share read right, share sent to a person, share right of the rest."""
    inks, labels = load(folder)
    read = model.read(inks[TAUGHT:])
    right = np.array([digit == str(label) for (digit, _), label in zip(read, labels[TAUGHT:], strict=True)])
    sure = np.array([confidence >= model.sure for _, confidence in read])
    return float(right.mean()), float(1 - sure.mean()), float(right[sure].mean())


def main() -> None:
    """Train, save, and print what the model does with digits it never saw."""
    parser = argparse.ArgumentParser(description="Train the digit model on real hand-written digits.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    model = train(options.folder)
    save(model, options.out)
    right, sent, rest = evaluate(model, options.folder)
    print(f"right {right:.1%}; to a person {sent:.1%}; right of the rest {rest:.2%}; sure from {model.sure:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
