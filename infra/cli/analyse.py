"""``daltonify analyse``: how a file sounds, measured here, or by ReccoBeats where the artist allows it.

``daltonify recommend --audio`` takes its features from here as well.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from daltonify_core.audio.clip import check_clip, write_clip
from daltonify_core.audio.local_model import Trust, local_model
from daltonify_core.audio.measurement import measure
from daltonify_core.audio.questions import Question, TempoAnswer, apply_answers, questions_about
from daltonify_core.audio.words import in_words
from daltonify_core.catalogue.audio_features import AudioFeatures, FeaturesSource
from daltonify_core.errors import AudioRefused, InvalidQuery, UpstreamError
from daltonify_core.playlist.request import Seed
from daltonify_core.ports.look_ups import FeatureService
from daltonify_core.ports.surroundings import Progress
from infra.cli import screen, wiring
from infra.cli.audio_file import Choice, HeardFile, hear
from infra.cli.look_ups import RECCOBEATS_API

START_HELP: Final = "listen from here on, in seconds or as minutes:seconds  [default: the loudest 30 seconds]"
VOCALS_HELP: Final = "whether somebody sings or raps on the track"
TEMPO_HELP: Final = (
    "how to count the tempo that is found: as-is, double or half; the right one in BPM; none for music without a beat"
)
SEND_HELP: Final = "send the excerpt to ReccoBeats (reccobeats.com), which measures more; nothing is sent without this"

_STEPS: Final = "▁▂▃▄▅▆▇█"
_SHOWN_DB: Final = 24.0
_SILENT_DB: Final = -100.0
_WIDTH: Final = 60
_CHOICES: Final = {
    Choice.LOUDEST: "the loudest 30 seconds",
    Choice.ASKED: "as you asked",
    Choice.WHOLE: "the whole file",
}
_TEMPO_WORDS: Final[dict[str, TempoAnswer]] = {"as-is": "as_is", "double": "double", "half": "half", "none": "none"}
_ROUGH: Final = (
    "These are rough values, measured on this machine; nothing was sent. They place a track better than its genre "
    "alone does, and worse than the values that are known of published tracks."
)
_FULL_RATE: Final = 22_050
_LOW_RATE: Final = (
    "The file has a low sample rate, which makes it seem calmer and more acoustic than the track is. Give a better "
    "copy if there is one."
)
_COARSE: Final = (
    "The file holds sound of 8 bits or of telephone quality, whose noise makes a track seem livelier than it is. Give "
    "a better copy if there is one."
)
_CUT_SHORT: Final = (
    "The file breaks off: it promises more sound than it holds, and only what is there was heard. Copy or export it "
    "again if the track is longer."
)
_LOWERED: Final = (
    "The file goes far over full scale, so it was lowered by {:.0f} dB, and its loudness is a guess. Export it "
    "again at its normal level."
)
_SENT: Final = "ReccoBeats listened to the excerpt, which was sent there with your consent (--send)."

type ErrorReport = Callable[[bool], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the artist says of the track; ``None`` where nothing was said."""

    vocals: bool | None = None
    tempo: TempoAnswer | None = None

    @classmethod
    def from_options(cls, vocals: bool | None, tempo: str | None) -> "Answers":
        """Read the options; raises ``InvalidQuery`` for a tempo that is neither a way to count nor one in BPM."""
        if tempo is None or tempo in _TEMPO_WORDS:
            return cls(vocals, None if tempo is None else _TEMPO_WORDS[tempo])
        try:
            bpm = float(tempo)
        except ValueError as error:
            raise InvalidQuery(
                f"{tempo[:40]!r} is no tempo. Give as-is, double, half, a number in BPM, or none."
            ) from error
        # Said before a long file is read, not after.
        apply_answers(AudioFeatures(), None, bpm)
        return cls(vocals, bpm)

    def open_questions(self, questions: Sequence[Question]) -> tuple[Question, ...]:
        """Those that are not answered yet."""
        return tuple(question for question in questions if not self._answers(question))

    def _answers(self, question: Question) -> bool:
        if question.name == "vocals":
            return self.vocals is not None
        # What was not found can be neither taken as it is nor doubled.
        return self.tempo is not None and (self.tempo not in ("as_is", "double", "half") or len(question.options) > 1)


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a file sounds, and who says so. ``trust`` is empty where nothing was measured here."""

    file: HeardFile
    measured: AudioFeatures
    answers: Answers
    source: FeaturesSource
    trust: dict[str, Trust]
    notes: tuple[str, ...]

    @property
    def features(self) -> AudioFeatures:
        """The features of a seed: what was measured, and the artist's answers in its place."""
        return apply_answers(self.measured, self.answers.vocals, self.answers.tempo or "as_is")

    @property
    def is_rough(self) -> bool:
        """Whether the features must be shown as rough."""
        return self.source is FeaturesSource.MEASURED

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is still worth asking; nothing where ReccoBeats listened."""
        return self.answers.open_questions(questions_about(self.measured)) if self.is_rough else ()

    @property
    def in_words(self) -> dict[str, str]:
        """The features for a person to read."""
        words = in_words(self.features)
        return words if "tempo" in words or not self.is_rough else {**words, "tempo": "no clear beat"}

    def to_dict(self) -> dict[str, Any]:
        """``features`` and ``features_source`` in the form of a seed, and what a person may want to know."""
        start, end = self.file.start_seconds, self.file.start_seconds + self.file.clip.seconds
        return {
            "file": self.file.name,
            "seconds": round(self.file.seconds, 1),
            "excerpt": {"from_seconds": round(start, 1), "to_seconds": round(end, 1), "choice": self.file.choice.value},
            "features": self.features.present(),
            "features_source": self.source.value,
            "rough": self.is_rough,
            "trust": {name: trust.value for name, trust in self.trust.items()},
            "in_words": self.in_words,
            "questions": [
                {
                    "name": question.name,
                    "text": question.text,
                    "options": [
                        {"value": option.value, "label": option.label, "features": option.features.present()}
                        for option in question.options
                    ],
                }
                for question in self.questions
            ],
            "notes": list(self.notes),
            "attribution": local_model().attribution if self.is_rough else None,
        }


def analyse_file(
    path: Path, start: str | None, answers: Answers, service: FeatureService | None, progress: Progress
) -> Analysis:
    """Listen to a file here, or have ``service`` listen to its excerpt where there is one.

    Falls back to measuring here when the service fails, and says so. Raises ``AudioRefused`` for what holds no music.
    """
    file = hear(path, None if start is None else seconds_of(start), progress)
    check_clip(file.clip)
    notes: tuple[str, ...] = ()
    if service is not None:
        try:
            features = service.analyse(write_clip(file.clip))
        except (UpstreamError, AudioRefused) as error:
            notes = (f"ReccoBeats gave no result, so the file was measured here. It says: {error.message}",)
        else:
            return Analysis(file, features, answers, FeaturesSource.AUDIO_FILE, {}, (_SENT, *_notes_on(file)))
    measurement = measure(file.clip.samples, file.clip.rate, file.loudness_lufs)
    if service is None:
        notes = (_ROUGH,)
    notes = (*notes, *_notes_on(file))
    return Analysis(file, measurement.features, answers, FeaturesSource.MEASURED, measurement.trust, notes)


def _notes_on(file: HeardFile) -> tuple[str, ...]:
    """What about the file makes its features worse than they could be."""
    notes = {
        _CUT_SHORT: file.is_cut_short,
        _LOW_RATE: file.rate < _FULL_RATE,
        _COARSE: file.is_coarse,
        _LOWERED.format(file.lowered_db): file.lowered_db > 0,
    }
    return tuple(note for note, is_said in notes.items() if is_said)


@dataclass(frozen=True, slots=True)
class ListeningOptions:
    """What `recommend` is told about an audio file, as its options give it."""

    audio: Path | None
    start: str | None
    vocals: bool | None
    tempo: str | None
    send: bool

    def check(self) -> None:
        """Refuse what makes no sense whatever the file holds; raises ``InvalidQuery``."""
        if self.audio is None and (self.start, self.vocals, self.tempo, self.send) != (None, None, None, False):
            raise InvalidQuery("--from, --vocals, --tempo and --send are about a file: add --audio FILE.")
        Answers.from_options(self.vocals, self.tempo)
        if self.start is not None:
            seconds_of(self.start)

    def heard(self, seed: Seed, reccobeats_url: str, as_json: bool) -> Seed:
        """The seed with the features of the file, where there is one, in place of those that are not by hand.

        Unless ``as_json``, says what was listened to and what is still worth answering.
        """
        if self.audio is None:
            return seed
        answers = Answers.from_options(self.vocals, self.tempo)
        service = wiring.feature_service(reccobeats_url) if self.send else None
        with screen.progress_bars(not as_json) as progress:
            analysis = analyse_file(self.audio, self.start, answers, service, progress)
        if not as_json:
            screen.print_hint(_listened_to(analysis.file))
            for line in (*analysis.notes, *map(_how_to_answer, analysis.questions)):
                screen.print_hint(line)
        by_hand = seed.features.present()
        return replace(
            seed,
            features=analysis.features._replace(**by_hand),  # type: ignore[arg-type]
            features_source=f"{analysis.source} and {FeaturesSource.GIVEN}" if by_hand else analysis.source,
            features_by_hand=tuple(by_hand),
        )


def seconds_of(text: str) -> float:
    """Seconds of ``95``, ``95.5`` or ``1:35``; raises ``InvalidQuery``."""
    minutes, colon, rest = text.rpartition(":")
    try:
        seconds = float(rest) + (60 * int(minutes) if colon else 0)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InvalidQuery(f"{text[:40]!r} is no time in the file. Write seconds (95) or minutes and seconds (1:35).")
    return seconds


def add_to(app: typer.Typer, errors: ErrorReport) -> None:
    """Add the command; ``errors`` turns what it raises into a message (or a JSON document) and an exit code."""

    @app.command()
    def analyse(
        file: Annotated[Path, typer.Argument(help="WAV, FLAC, AIFF, OGG or MP3; with ffmpeg installed any other")],
        start: Annotated[str | None, typer.Option("--from", help=START_HELP)] = None,
        vocals: Annotated[bool | None, typer.Option("--vocals/--no-vocals", help=VOCALS_HELP)] = None,
        tempo: Annotated[str | None, typer.Option(help=TEMPO_HELP)] = None,
        send: Annotated[bool, typer.Option("--send", help=SEND_HELP)] = False,
        reccobeats_url: Annotated[str, typer.Option(envvar="RECCOBEATS_API", hidden=True)] = RECCOBEATS_API,
        as_json: Annotated[bool, typer.Option("--json", help="print one JSON document instead of words")] = False,
    ) -> None:
        """Find out how your own file sounds, for a track that nobody has data on.

        The file stays on this machine unless you add --send. The result is rough; your answers to two questions, about
        vocals and tempo, make it much better. Music without a clear beat gets no tempo unless you give one.
        """
        with errors(as_json):
            answers = Answers.from_options(vocals, tempo)
            service = wiring.feature_service(reccobeats_url) if send else None
            if service is not None and not as_json:
                screen.print_hint("Sending up to 30 seconds of the file to ReccoBeats, which may take a minute.")
            with screen.progress_bars(not as_json) as progress:
                analysis = analyse_file(file, start, answers, service, progress)
            if as_json:
                screen.print_json(analysis.to_dict())
                return
            if _is_at_terminal():
                analysis = replace(analysis, answers=_asked(analysis))
            _show(analysis)


def _is_at_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _asked(analysis: Analysis) -> Answers:
    """The answers, with what is open asked at the terminal until it makes sense; an empty line leaves it open."""
    answers = analysis.answers
    for question in analysis.questions:
        screen.print_plain(question.text)
        for option in question.options:
            screen.print_plain(f"  {option.value.replace('_', '-')}: {option.label}")
        read = partial(_read_tempo, question) if question.name == "tempo" else _read_vocals
        given = typer.prompt("Your answer (Enter to skip)", default="", show_default=False, value_proc=read)
        answers = replace(answers, **{question.name: given})
    return answers


def _read_vocals(text: str) -> bool | None:
    known = {"": None, "yes": True, "y": True, "no": False, "n": False}
    if text.strip().lower() not in known:
        raise typer.BadParameter("Answer yes or no.")
    return known[text.strip().lower()]


def _read_tempo(question: Question, text: str) -> TempoAnswer | None:
    try:
        answers = Answers.from_options(None, text.strip().lower() or None)
    except InvalidQuery as error:
        raise typer.BadParameter(error.message) from error
    if answers.tempo is not None and answers.open_questions((question,)):
        raise typer.BadParameter("No tempo was found to count from. Give the number in BPM, or none.")
    return answers.tempo


def _show(analysis: Analysis) -> None:
    file = analysis.file
    start, end = file.start_seconds, file.start_seconds + file.clip.seconds
    sides = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
    # A name must not be able to move the cursor.
    name = "".join(character if character.isprintable() else " " for character in file.name)
    screen.print_plain(f"{name} · {clock(file.seconds)} · {file.rate / 1000:g} kHz {sides}")
    screen.print_plain(sparkline(file.curve, _WIDTH))
    first, last = (round(_WIDTH * seconds / file.seconds) for seconds in (start, end))
    screen.print_plain(" " * min(first, _WIDTH - 1) + "━" * max(last - first, 1))
    screen.print_plain(_listened_to(file))
    for name, words in analysis.in_words.items():
        guess = "  (a weak guess)" if analysis.trust.get(name) is Trust.WEAK else ""
        screen.print_plain(f"  {name:<18}{words}{guess}")
    for note in analysis.notes:
        screen.print_plain(note)
    for question in analysis.questions:
        screen.print_plain(f"• {_how_to_answer(question)}")
    screen.print_hint(
        "A playlist around it: daltonify recommend --audio FILE --title … --artist … --followers … --genre …"
    )
    if analysis.is_rough:
        screen.print_hint(local_model().attribution)


def _listened_to(file: HeardFile) -> str:
    start, end = file.start_seconds, file.start_seconds + file.clip.seconds
    return f"Listened to {clock(start)}–{clock(end)}: {_CHOICES[file.choice]}."


def _how_to_answer(question: Question) -> str:
    if question.name == "vocals":
        return f"{question.text} Add --vocals or --no-vocals."
    options = (f"{option.value.replace('_', '-')} ({option.label})" for option in question.options)
    return f"{question.text} Add --tempo {', '.join(options)}, or the number."


def sparkline(curve: np.ndarray[Any, np.dtype[np.float64]], width: int) -> str:
    """Loudness over time in one line, from 24 dB below the loudest part up to it."""
    audible = np.maximum(curve, _SILENT_DB)
    parts = [10 * np.log10(np.mean(10 ** (part / 10))) for part in np.array_split(audible, min(width, len(curve)))]
    top = max(parts)
    places = [(part - top + _SHOWN_DB) / _SHOWN_DB * (len(_STEPS) - 1) for part in parts]
    return "".join(_STEPS[max(round(place), 0)] for place in places)


def clock(seconds: float) -> str:
    """A time in the file as minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
