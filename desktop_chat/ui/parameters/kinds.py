"""The parameters of one kind, each as an entry."""

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import ImageOptions, Sampling
from desktop_chat.ui.parameters.entries import (
    SIZES,
    BoxEntry,
    Entry,
    NumberEntry,
    StopEntry,
    WordEntry,
    escaped,
)
from desktop_chat.ui.theme import Theme

_PENALTY = (-2.0, 2.0)


def sampling_entries(theme: Theme, sampling: Sampling) -> dict[str, Entry]:
    """Return what is sampled by beyond temperature and Top P, by the name of the parameter."""
    found: dict[str, Entry] = {}
    penalty = tr("A penalty is a number from -2 to 2.")
    found["top_k"] = NumberEntry(
        theme,
        tr("Top K"),
        tr("Top K, candidates for each token"),
        tr("Top K is a whole number, 0 or more."),
        (0, 1_000_000),
        sampling.top_k,
    )
    found["min_p"] = NumberEntry(
        theme,
        tr("Min P"),
        tr("Min P, 0 to 1"),
        tr("Min P is a number from 0 to 1."),
        (0.0, 1.0),
        sampling.min_p,
    )
    found["frequency_penalty"] = NumberEntry(
        theme,
        tr("Frequency penalty"),
        tr("Frequency penalty, -2 to 2"),
        penalty,
        _PENALTY,
        sampling.frequency_penalty,
    )
    found["presence_penalty"] = NumberEntry(
        theme,
        tr("Presence penalty"),
        tr("Presence penalty, -2 to 2"),
        penalty,
        _PENALTY,
        sampling.presence_penalty,
    )
    found["seed"] = NumberEntry(
        theme,
        tr("Seed"),
        tr("Seed, for the same answer again"),
        tr("A seed is a whole number."),
        (-(2**63), 2**63 - 1),
        sampling.seed,
    )
    found["n"] = NumberEntry(
        theme,
        tr("Answers"),
        tr("Answers to one question, 1 to 8"),
        tr("Answers are a whole number from 1 to 8."),
        (1, 8),
        sampling.n,
    )
    stops = "\n".join(map(escaped, sampling.stop))
    found["stop"] = StopEntry(
        theme,
        tr("Stop texts"),
        tr("Stop texts, one on each line: the answer ends before them"),
        stops,
        placeholder=tr("None"),
    )
    return found


def image_entries(theme: Theme, image: ImageOptions) -> dict[str, Entry]:
    """Return what a picture is to be like, by the name of the parameter."""
    found: dict[str, Entry] = {}
    found["image_size"] = WordEntry(
        theme,
        tr("Size"),
        tr("Size, width x height"),
        tr("A size is one word, such as 1024x1024."),
        image.size,
        common=SIZES,
    )
    found["image_count"] = NumberEntry(
        theme,
        tr("Pictures"),
        tr("Pictures at once, 1 to 10"),
        tr("Pictures are a whole number from 1 to 10."),
        (1, 10),
        image.count or None,
    )
    found["image_seed"] = NumberEntry(
        theme,
        tr("Seed"),
        tr("Seed, for the same picture again"),
        tr("A seed is a whole number."),
        (-(2**63), 2**63 - 1),
        image.seed,
    )
    found["style"] = WordEntry(
        theme,
        tr("Style"),
        tr("Style, in a word of the service"),
        tr("A style has {count} characters at most.").format(count=100),
        image.style,
        common=("realistic", "cartoon", "cyberpunk", "minimalist"),
        spaces=True,
    )
    found["negative_prompt"] = BoxEntry(
        theme,
        tr("Not to be seen"),
        tr("Not to be seen in the picture"),
        image.negative_prompt,
        placeholder=tr("None"),
    )
    return found
