"""Which checkpoints has Detoxify published, and is a file one of them?"""

from dataclasses import dataclass
from pathlib import Path

from commentsvc.errors import Misconfigured
from commentsvc.moderation.detoxify.about import sum_of

_CHECKPOINTS = "https://github.com/unitaryai/detoxify/releases/download"
_HUB = "https://huggingface.co"
_EVERY_CONFIG = ("config.json", "tokenizer_config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Release:
    """One published model: its checkpoint, and where its encoder's configuration and vocabulary are.

    A checkpoint's name ends with the first eight hex digits of its sha256, by which Detoxify itself checks it.
    """

    model: str
    folder: str
    name: str
    encoder: str
    revision: str
    vocabulary: tuple[str, ...]

    @property
    def checkpoints(self) -> str:
        """The address under which the checkpoint is published."""
        return f"{_CHECKPOINTS}/{self.folder}"

    @property
    def checkpoint_url(self) -> str:
        """The checkpoint's own address."""
        return f"{self.checkpoints}/{self.name}"

    @property
    def config_url(self) -> str:
        """Where the configuration files are published, one commit for good."""
        return f"{_HUB}/{self.encoder}/resolve/{self.revision}"

    @property
    def config_files(self) -> tuple[str, ...]:
        """The files that make up the configuration."""
        return (*_EVERY_CONFIG, *self.vocabulary)

    @property
    def sum_start(self) -> str:
        """How the checkpoint's sha256 begins."""
        return Path(self.name).stem.rpartition("-")[2]


RELEASES = {
    release.model: release
    for release in (
        Release(
            "original", "v0.1-alpha", "toxic_original-c1212f89.ckpt",
            "google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594", ("vocab.txt",),
        ),
        Release(
            "unbiased", "v0.3-alpha", "toxic_debiased-c7548aa0.ckpt",
            "FacebookAI/roberta-base", "e2da8e2f811d1448a5b465c236feacd80ffbac7b", ("vocab.json", "merges.txt"),
        ),
        Release(
            "multilingual", "v0.4-alpha", "multilingual_debiased-0b549669.ckpt",
            "FacebookAI/xlm-roberta-base", "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089", ("sentencepiece.bpe.model",),
        ),
        Release(
            "original-small", "v0.1.2", "original-albert-0e1d6498.ckpt",
            "albert/albert-base-v2", "8e2f239c5f8a2c0f253781ca60135db913e5c80c", ("spiece.model",),
        ),
        Release(
            "unbiased-small", "v0.1.2", "unbiased-albert-c8519128.ckpt",
            "albert/albert-base-v2", "8e2f239c5f8a2c0f253781ca60135db913e5c80c", ("spiece.model",),
        ),
    )
}  # fmt: skip


def verify(path: Path, *, expected: str | None, release: Release | None) -> str:
    """Return a checkpoint's sha256 if it is the one expected, or begins as the release's; else raise Misconfigured."""
    digest = sum_of(path)
    if expected is None and release is None:
        raise Misconfigured(
            f"{path.name} is no published checkpoint. Its sha256 is {digest}; "
            f"if that is the file you mean, run the command again with --sha256 {digest}."
        )
    if expected is not None and digest != expected:
        raise Misconfigured(f"{path.name} is not the file that was meant: its sha256 is {digest}, not {expected}.")
    if expected is None and release is not None and not digest.startswith(release.sum_start):
        raise Misconfigured(
            f"{path.name} is not Detoxify's {release.model}, whose sha256 begins {release.sum_start}: "
            f"it is {digest}. For a checkpoint of your own give --sha256."
        )
    return digest
