"""Recordings: only the full decode tells the truth about them."""

import struct
import wave

import av
import numpy as np
import pytest

from demo.audio import speech as drawn_speech
from scanning.recognition.audio import listen
from scanning.recognition.errors import EmptyFileError, NotARecordingError

RATE = 16_000


def speech(seconds, level=0.3):
    """Syllables in phrases: sound whose spectrum changes as a voice does."""
    samples = drawn_speech(seconds, "a")
    return samples * level / np.abs(samples).max()


def save_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def save_ogg(path, samples):
    samples = np.repeat(samples, 3)
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=3 * RATE, layout="mono")
        block = 960
        for start in range(0, samples.size, block):
            frame = av.AudioFrame.from_ndarray(
                samples[None, start : start + block].astype(np.float32), format="flt", layout="mono"
            )
            frame.sample_rate = 3 * RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def kinds(reading):
    return {doubt.kind for doubt in reading.doubts}


@pytest.mark.parametrize(("name", "save"), [("a.wav", save_wav), ("a.ogg", save_ogg)])
def test_a_sound_recording_has_no_findings(tmp_path, name, save):
    save(tmp_path / name, speech(6))
    reading = listen(tmp_path / name, name)
    assert reading.seconds == pytest.approx(6, abs=0.1)
    assert reading.speech_share > 0.5
    assert not reading.doubts
    assert len(reading.bars) == 120


@pytest.mark.parametrize(("name", "save"), [("a.wav", save_wav), ("a.ogg", save_ogg)])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_recording_is_found(tmp_path, name, save, share):
    path = tmp_path / name
    save(path, speech(6))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "cut" in kinds(listen(path, name)) or "damaged" in kinds(listen(path, name))


def test_silence_and_clipping_are_found(tmp_path):
    save_wav(tmp_path / "quiet.wav", np.random.default_rng(1).normal(size=RATE * 3) * 0.0005)
    save_wav(tmp_path / "loud.wav", (speech(3) * 20).clip(-1, 1))
    assert "silent" in kinds(listen(tmp_path / "quiet.wav", "quiet.wav"))
    assert "clipping" in kinds(listen(tmp_path / "loud.wav", "loud.wav"))


def test_a_wrong_name_is_told(tmp_path):
    save_ogg(tmp_path / "a.wav", speech(3))
    assert "wrong_container" in kinds(listen(tmp_path / "a.wav", "a.wav"))


@pytest.mark.parametrize("data", [b"random words, no sound", struct.pack("<4sI4s", b"RIFF", 10, b"WAVE"), b"%PDF-1.7"])
def test_what_is_no_sound_is_refused(tmp_path, data):
    (tmp_path / "x.wav").write_bytes(data)
    with pytest.raises(NotARecordingError):
        listen(tmp_path / "x.wav", "x.wav")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "x.wav").touch()
    with pytest.raises(EmptyFileError):
        listen(tmp_path / "x.wav", "x.wav")
