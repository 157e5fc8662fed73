"""Small Detoxify checkpoints with random weights, and real tokenizers and configuration: one of each kind."""

from hashlib import sha256
from pathlib import Path
from typing import Any

SIX = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
SEVEN = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit"]
KINDS = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "albert": "Albert"}
WORDS = "you are a fool kind friend the mayor spoke about taxes today and we agree ! . ,"

_ROOM = 64
_SIZE = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64}


def write_checkpoint(folder: Path, kind: str = "bert", *, bias: float | None = None, extra: Any = None) -> Path:
    """Write what MODEL_DIR/detoxify holds: an encoder that reads 64 tokens, its tokenizer, its sum.

    RoBERTa has more outputs than classes, as Detoxify's unbiased model; `extra` is put beside the weights.
    """
    import torch
    import transformers

    torch.manual_seed(7)
    name = KINDS[kind]
    classes = SIX if kind in {"bert", "albert"} else SEVEN
    count = 16 if kind == "roberta" else len(classes)
    tokenizer = _tokenizer(kind)
    config = getattr(transformers, f"{name}Config")(**_SIZE, **_shape(kind), vocab_size=len(tokenizer))
    config.num_labels = count
    model = getattr(transformers, f"{name}ForSequenceClassification")(config)
    for weight in model.parameters():
        # Untaught weights answer the same to everything.
        weight.data.mul_(3).add_(torch.randn_like(weight) * 0.1)
    if bias is not None:
        model.classifier.bias.data.fill_(bias)
    config.save_pretrained(folder / "config")
    tokenizer.save_pretrained(folder / "config")
    if kind == "bert":
        words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
        (folder / "config" / "vocab.txt").write_text("\n".join(words))
    arch = {"model_type": "nowhere/to-be-found", "model_name": f"{name}ForSequenceClassification"}
    arch |= {"tokenizer_name": f"{name}Tokenizer", "num_classes": count}
    path = folder / "tiny.ckpt"
    known = {"arch": {"args": arch}, "dataset": {"args": {"classes": classes}}}
    torch.save({"config": known, "state_dict": model.state_dict(), "extra": extra}, path)
    pin(path)
    return path


def pin(path: Path) -> str:
    """Write a checkpoint's sum beside it, and return it."""
    digest = sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")
    return digest


def _shape(kind: str) -> dict[str, Any]:
    if "roberta" in kind:
        # Positions begin behind the padding's number.
        return {"max_position_embeddings": _ROOM + 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
    return {"max_position_embeddings": _ROOM} | ({"embedding_size": 16} if kind == "albert" else {})


def _tokenizer(kind: str) -> Any:
    from transformers import AlbertTokenizer, BertTokenizer, RobertaTokenizer, XLMRobertaTokenizer

    words = WORDS.split()
    if kind == "bert":
        marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        return BertTokenizer(vocab={word: at for at, word in enumerate(marks + words)}, model_max_length=_ROOM)
    if kind == "roberta":
        from tokenizers.pre_tokenizers import ByteLevel

        letters = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet()), "yo", "you", "th", "the"]
        merges = [("y", "o"), ("yo", "u"), ("t", "h"), ("th", "e")]
        return RobertaTokenizer(
            vocab={letter: at for at, letter in enumerate(letters)}, merges=merges, model_max_length=_ROOM
        )
    pieces = [(f"▁{word}", -2.0) for word in words] + [
        (letter, -6.0) for letter in "▁abcdefghiklmnoprstuwxy!.,жлупость"
    ]
    pieces = list(dict(pieces).items())
    if kind == "albert":
        marks = [("<pad>", 0.0), ("<unk>", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[MASK]", 0.0)]
        return AlbertTokenizer(vocab=marks + pieces, model_max_length=_ROOM)
    marks = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    return XLMRobertaTokenizer(vocab=[*marks, *pieces, ("<mask>", 0.0)], model_max_length=_ROOM)
