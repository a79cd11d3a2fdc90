"""Recordings sound as the plan says: speech, silence, and a file that ends in the middle."""

import io

import av
import numpy as np
import pytest

from demo import audio
from drawing.plan import Answer


def answer(name="0201_1_01.ogg", flaw=""):
    return Answer("1", 1, "0100000000012", name, 6.0, flaw)


def truth_seconds(data):
    with av.open(io.BytesIO(data), mode="r") as container:
        return float(sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0)))


def speech_share(data):
    with av.open(io.BytesIO(data)) as container:
        frames = [
            frame.to_ndarray().astype(float).ravel() / (32768 if "s16" in frame.format.name else 1)
            for frame in container.decode(audio=0)
        ]
    samples = np.concatenate(frames)
    windows = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    return float(np.mean(20 * np.log10(np.sqrt((windows**2).mean(axis=1)) + 1e-9) > -45))


@pytest.mark.parametrize("name", ["a.ogg", "a.wav"])
def test_speech_sounds_like_speech(name):
    data = audio.recording(answer(name), seed=1)
    assert abs(truth_seconds(data) - 6.0) < 0.05
    assert 0.5 < speech_share(data) < 0.95


def test_a_silent_recording_has_no_speech():
    assert speech_share(audio.recording(answer("a.wav", "silent"), seed=1)) == 0


def test_a_cut_recording_is_the_beginning_of_the_whole_one():
    whole = audio.recording(answer(), seed=1)
    cut = audio.cut(whole)
    assert whole.startswith(cut)
    assert truth_seconds(cut) < 0.8 * truth_seconds(whole)
