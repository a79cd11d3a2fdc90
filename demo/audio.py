"""Recordings of spoken answers: pulses and formants, paused like speech; one is cut, one is silent."""

import io
import random
import wave

import av
import numpy as np
import numpy.typing as npt

from drawing.plan import Answer

Samples = npt.NDArray[np.float64]

RATE = 16_000
#: Formants of vowels, Hz.
_VOWELS = ((700, 1200, 2600), (400, 2000, 2700), (300, 2300, 3000), (450, 900, 2500), (320, 750, 2400))


def _resonance(source: Samples, centre: float, width: float) -> Samples:
    """Shape a spectrum by one formant."""
    spectrum = np.fft.rfft(source)
    frequency = np.fft.rfftfreq(len(source), 1 / RATE)
    shaped: Samples = np.fft.irfft(spectrum / (1 + ((frequency - centre) / width) ** 2), len(source))
    return shaped


def _syllable(rng: random.Random, noise: np.random.Generator, pitch: float) -> Samples:
    length = int(RATE * rng.uniform(0.12, 0.28))
    moments = np.arange(length) / RATE
    glide = pitch * (1 + rng.uniform(-0.12, 0.12) * moments / moments[-1])
    voiced = np.sin(2 * np.pi * np.cumsum(glide) / RATE)
    voiced = np.sign(voiced) * np.abs(voiced) ** 0.3 + noise.normal(0, 0.08, length)
    sound: Samples = np.sum([_resonance(voiced, centre, 90) for centre in rng.choice(_VOWELS)], axis=0)
    if rng.random() < 0.5:
        burst = int(length * 0.25)
        sound[:burst] += _resonance(noise.normal(0, 1.5, burst), 3500, 900)
    envelope = np.sin(np.pi * np.arange(length) / length) ** 0.5
    voice: Samples = sound * envelope
    return voice


def speech(seconds: float, seed: str) -> Samples:
    """Return samples in -1…1: syllables in phrases with pauses between them, in a room that is never quite still."""
    rng = random.Random(f"speech {seed}")  # noqa: S311 (a made-up voice)
    noise = np.random.default_rng(rng.randrange(2**32))
    total = int(seconds * RATE)
    samples: Samples = noise.normal(0, 0.0012, total)
    pitch, at = rng.uniform(95, 230), int(RATE * rng.uniform(0.3, 0.7))
    while at < total - RATE // 2:
        for _syllable_no in range(rng.randint(5, 14)):
            sound = _syllable(rng, noise, pitch * rng.uniform(0.92, 1.1))
            end = min(at + len(sound), total)
            samples[at:end] += 0.25 * sound[: end - at] / max(1e-9, float(np.abs(sound).max()))
            at = end + int(RATE * rng.uniform(0.01, 0.05))
            if at >= total - RATE // 2:
                break
        at += int(RATE * rng.uniform(0.2, 0.55))
    return samples


def silence(seconds: float, seed: str) -> Samples:
    """Return a room in which nobody speaks: the microphone's own hiss, far below any voice."""
    noise = np.random.default_rng(random.Random(f"silence {seed}").randrange(2**32))  # noqa: S311 (a made-up room)
    samples: Samples = noise.normal(0, 0.0006, int(seconds * RATE))
    return samples


def _pcm(samples: Samples) -> npt.NDArray[np.int16]:
    return np.round(samples.clip(-1, 1) * 32000).astype(np.int16)


def to_wav(samples: Samples) -> bytes:
    """Return a 16-bit mono WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(_pcm(samples).tobytes())
    return out.getvalue()


def to_ogg(samples: Samples) -> bytes:
    """Return a mono Ogg file (Opus), its last page marked as the end."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        frame = av.AudioFrame.from_ndarray(_pcm(samples)[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            for packet in stream.encode(ready):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def recording(answer: Answer, *, seed: int) -> bytes:
    """Return the whole file of an answer, in the format that its name says."""
    mark = f"{seed} {answer.registration}"
    silent = answer.flaw == "silent"
    samples = silence(answer.seconds, mark) if silent else speech(answer.seconds, mark)
    return to_ogg(samples) if answer.file_name.endswith(".ogg") else to_wav(samples)


def cut(whole: bytes) -> bytes:
    """Return what a flash drive pulled out too early holds of a file: its beginning."""
    return whole[: int(len(whole) * 0.55)]
