"""Recorders: whatever their headers say, only what lacks sound is cut; only what is spoken is speech."""

import io
import struct

import av
import numpy as np
import pytest

from scanning.recognition.audio import listen
from scanning.recognition.voice import Voices
from tests.scanning.samples import samples
from tests.scanning.test_audio import RATE, kinds, save_wav, speech

#: Suffix → container and codec of ffmpeg.
FORMATS = {
    ".wav": ("wav", "pcm_s16le"),
    ".flac": ("flac", "flac"),
    ".mp3": ("mp3", "libmp3lame"),
    ".m4a": ("ipod", "aac"),
    ".ogg": ("ogg", "libopus"),
}


def encode(sound, suffix, *, rate=48_000, path=None, **options):
    """The bytes of a recording; `sound` has a row for each channel, at 16 kHz."""
    sound = np.atleast_2d(sound).astype(np.float32)
    layout = "mono" if len(sound) == 1 else "stereo"
    container, codec = FORMATS[suffix]
    out = io.BytesIO()
    with av.open(str(path) if path else out, "w", format=container, options=options) as made:
        stream = made.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.sample_rate = RATE
        size = stream.codec_context.frame_size or 4096
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate, frame_size=size)
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            made.mux(stream.encode(ready))
        made.mux(stream.encode(None))
    return path.read_bytes() if path else out.getvalue()


@pytest.fixture
def heard(tmp_path):
    def hear(data, name="a.wav"):
        path = tmp_path / name
        path.write_bytes(data)
        return listen(path, name)

    return hear


@pytest.fixture(scope="module")
def spoken():
    return speech(4)


@pytest.fixture(scope="module")
def wav(spoken, tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "a.wav"
    save_wav(path, spoken)
    return path.read_bytes()


def with_sizes(wav, riff, data):
    return wav[:4] + struct.pack("<I", riff) + wav[8:40] + struct.pack("<I", data) + wav[44:]


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_ffmpeg_writes_is_whole_and_spoken(heard, spoken, suffix):
    reading = heard(encode(spoken, suffix), f"a{suffix}")
    assert not reading.doubts
    assert reading.seconds == pytest.approx(4, abs=0.15)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_what_ffmpeg_wrote_and_lost_its_end_is_cut(heard, spoken, suffix, share):
    data = encode(spoken, suffix)
    assert "cut" in kinds(heard(data[: int(len(data) * share)], f"a{suffix}"))


LIES = {
    "zero": lambda wav: with_sizes(wav, 0, 0),
    "riff zero": lambda wav: with_sizes(wav, 0, len(wav) - 44),
    "ones": lambda wav: with_sizes(wav, 0xFFFFFFFF, 0xFFFFFFFF),
    "ones less the head": lambda wav: with_sizes(wav, 0xFFFFFFFF, 0xFFFFFFFF - 36),
    "seven f": lambda wav: with_sizes(wav, 0x7FFFFFFF, 0x7FFFFFFF - 36),
    "riff too large": lambda wav: with_sizes(wav, len(wav) + 5000, len(wav) - 44),
    "riff is the whole file": lambda wav: with_sizes(wav, len(wav), len(wav) - 44),
    "list behind": lambda wav: wav + b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"x" * 14,
    "list cut": lambda wav: wav + b"LIST" + struct.pack("<I", 900) + b"INFO",
    "odd chunk before": lambda wav: wav[:36] + b"note" + struct.pack("<I", 3) + b"abc\0" + wav[36:],
    "odd data": lambda wav: with_sizes(wav, len(wav) - 8 - 1, len(wav) - 44 - 1)[:-1] + b"\0LIST\4\0\0\0INFO",
    "odd data without padding": lambda wav: with_sizes(wav, len(wav) - 9, len(wav) - 45)[:-1],
    "padded to a block": lambda wav: wav + bytes(512),
    "tag behind": lambda wav: wav + b"TAG" + b"x" * 125,
    "id3 chunk": lambda wav: wav + b"id3 " + struct.pack("<I", 10) + b"ID3\4\0\0\0\0\0\0",
    "rf64": lambda wav: (
        b"RF64\xff\xff\xff\xffWAVEds64"
        + struct.pack("<IQQQI", 28, len(wav) + 28, len(wav) - 44, 0, 0)
        + wav[12:40]
        + b"\xff\xff\xff\xff"
        + wav[44:]
    ),
    "rf64 never finished": lambda wav: (
        b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, 0, 0, 0, 0) + wav[12:40] + b"\xff" * 4 + wav[44:]
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_about_its_size_cuts_nothing(heard, wav, lie):
    reading = heard(LIES[lie](wav))
    assert not reading.doubts
    assert reading.seconds == pytest.approx(4, abs=0.1)


def test_an_rf64_that_lacks_sound_is_cut(heard, wav):
    assert "cut" in kinds(heard(LIES["rf64"](wav)[:-20000]))


@pytest.mark.parametrize("told", [0.1, 0.5])
def test_sound_that_no_player_plays_is_told(heard, wav, told):
    """The header was last brought up to date in the middle of the answer."""
    size = int((len(wav) - 44) * told) // 2 * 2
    found = kinds(heard(with_sizes(wav, size + 36, size)))
    assert "sound_behind" in found
    assert "cut" not in found
    assert "sound_behind" in kinds(heard(wav + wav))


@pytest.mark.parametrize("suffix", [".mp3", ".ogg"])
def test_joined_streams_are_heard_to_the_end_and_not_cut(heard, spoken, suffix):
    one, other = encode(spoken, suffix), encode(speech(3), suffix)
    if suffix != ".mp3":
        other = other.replace(one[14:18], b"qwer") if one[14:18] == other[14:18] else other
    reading = heard(one + other, f"a{suffix}")
    assert "cut" not in kinds(reading)
    assert reading.seconds > 6.5


def test_tags_and_a_picture_are_no_other_kind_of_file(heard, spoken):
    data = encode(spoken, ".mp3")
    start = 10 + data[9] + (data[8] << 7) if data[:3] == b"ID3" else 0
    picture = b"\xff\xd8\xff\xe0" + bytes(2000)
    body = b"\0image/jpeg\0\x03\0" + picture
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = len(frame)
    tag = b"ID3\x03\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + frame
    reading = heard(tag + data[start:] + b"TAG" + b" " * 125, "a.mp3")
    assert not reading.doubts


def test_an_m4a_whose_index_was_never_written_is_cut(heard, spoken):
    data = encode(spoken, ".m4a")
    for broken in (data[: data.index(b"moov") - 4], data[: data.index(b"moov") + 40]):
        assert kinds(heard(broken, "a.m4a")) == {"cut"}


def test_an_m4a_with_its_index_first_that_lost_its_end_is_cut(heard, spoken, tmp_path):
    data = encode(spoken, ".m4a", path=tmp_path / "first.m4a", movflags="faststart")
    assert data.index(b"moov") < data.index(b"mdat")
    assert "cut" in kinds(heard(data[: len(data) * 2 // 3], "a.m4a"))
    assert not heard(encode(spoken, ".m4a", movflags="frag_keyframe+empty_moov"), "a.m4a").doubts


@pytest.mark.parametrize("voice", [0, 1])
def test_every_channel_is_judged(heard, spoken, voice):
    both = np.zeros((2, spoken.size))
    both[voice] = spoken
    assert not heard(encode(both, ".flac"), "a.flac").doubts
    against = np.stack([spoken, -spoken])
    assert not heard(encode(against, ".flac"), "a.flac").doubts
    both[1 - voice] = (spoken * 20).clip(-1, 1)
    assert kinds(heard(encode(both, ".flac"), "a.flac")) == {"clipping"}


MOMENTS = np.arange(RATE * 12) / RATE


def noise(level, seed=7):
    return level * np.random.default_rng(seed).normal(size=MOMENTS.size)


def tone(pitch, level=0.3):
    return level * np.sin(2 * np.pi * pitch * MOMENTS)


def hum(level):
    return level * sum(np.sin(2 * np.pi * 50 * k * MOMENTS + k * k) / k for k in range(1, 14))


def dialled(level):
    rng = np.random.default_rng(3)
    rows, columns = rng.choice([697, 770, 852, 941], 48), rng.choice([1209, 1336, 1477, 1633], 48)
    turn = (MOMENTS * 4).astype(int)
    sound = np.sin(2 * np.pi * rows[turn] * MOMENTS) + np.sin(2 * np.pi * columns[turn] * MOMENTS)
    return level * sound * (MOMENTS * 4 % 1 < 0.5)


NO_SPEECH = {
    **{f"tone {pitch}": tone(pitch) for pitch in (60, 120, 250, 700, 2200, 3600)},
    **{f"hum {level}": hum(level) for level in (0.02, 0.1, 0.4)},
    **{f"hiss {level}": noise(level) for level in (0.01, 0.1, 0.3)},
    "hum with hiss": hum(0.05) + noise(0.01),
    "hiss that swells": noise(0.05) * (1 + 0.9 * np.sin(2 * np.pi * 0.3 * MOMENTS)),
    **{f"beeps, hiss {hiss}": tone(800) * (MOMENTS % 0.7 < 0.2) + noise(hiss) for hiss in (0.0002, 0.003, 0.02)},
    **{f"dialling, hiss {hiss}": dialled(0.2) + noise(hiss) for hiss in (0.0002, 0.003)},
    "ringing": tone(425) * (MOMENTS % 5 < 1) + noise(0.001),
    "engaged, with hum": tone(425) * (MOMENTS % 0.7 < 0.35) + hum(0.02),
    "sweep": 0.3 * np.sin(2 * np.pi * (100 * MOMENTS + 120 * MOMENTS**2)),
}


@pytest.mark.parametrize("kind", NO_SPEECH)
def test_tone_hum_hiss_and_beeps_are_no_speech(kind):
    voices = Voices()
    voices.add(NO_SPEECH[kind].clip(-1, 1).astype(np.float32))
    voices.end()
    assert voices.speech.mean() < 0.02


def test_what_is_no_speech_goes_to_a_person_under_its_name(heard):
    assert "no_speech" in kinds(heard(encode(NO_SPEECH["hum 0.1"][: RATE * 4], ".ogg"), "a.ogg"))
    assert "no_speech" in kinds(heard(encode(tone(700)[: RATE * 4], ".mp3"), "a.mp3"))
    step = np.full(RATE * 4, 0.3) + noise(0.0003)[: RATE * 4]
    assert kinds(heard(encode(step, ".flac"), "a.flac")) == {"silent"}


@pytest.mark.parametrize("below", [12, 24, 36, 48])
@pytest.mark.parametrize("beneath", ["", "offset", "hum"])
def test_quiet_speech_is_quiet_and_never_silent(heard, spoken, below, beneath):
    sound = spoken * 10 ** (-below / 20)
    if beneath == "offset":
        sound = sound + 0.2
    elif beneath == "hum":
        sound = sound + hum(0.02 * 10 ** (-below / 20))[: sound.size]
    found = kinds(heard(encode(sound, ".flac"), "a.flac"))
    assert found == ({"very_quiet"} if below >= 36 else set() if below <= 12 else found & {"very_quiet"})


@pytest.mark.parametrize("length", [0.05, 0.3, 1.0])
def test_a_hole_in_the_middle_of_speech_is_found(heard, spoken, length):
    sound = spoken.copy()
    at = next(start for start in range(RATE, sound.size, 40) if _loud(sound, start, int(length * RATE)))
    sound[at : at + int(length * RATE)] = 0
    assert "holes" in kinds(heard(encode(sound, ".flac", rate=RATE), "a.flac"))


def _loud(sound, start, length):
    return min(np.abs(sound[start - 60 : start]).max(), np.abs(sound[start + length :][:60]).max()) > 0.05


def test_pauses_without_noise_are_no_holes(heard, spoken):
    gated = np.where(np.convolve(np.abs(spoken), np.ones(800) / 800, "same") > 0.004, spoken, 0)
    assert (gated == 0).mean() > 0.03
    assert not heard(encode(gated, ".flac"), "a.flac").doubts


def test_real_speech_is_speech_at_every_loudness(heard):
    folder = samples("audio")
    for path in sorted(folder.glob("*.wav")):
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
            frames = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            sound = np.concatenate(frames + [out.to_ndarray()[0] for out in resampler.resample(None)])
        for below in (0, 20, 40):
            found = kinds(heard(encode(sound * 10 ** (-below / 20), ".flac", rate=RATE), "a.flac"))
            wanted = {"silent"} if "silence" in path.name else ({"very_quiet"} if below == 40 else found - {"silent"})
            assert found == wanted, (path.name, below)
            assert not found & {"no_speech", "holes", "cut"}
