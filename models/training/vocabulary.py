"""Cutting the vocabulary: rare pieces go, what is left spells their words in smaller pieces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification


def trim(tokenizer: Tokenizer, model: BertForSequenceClassification, texts: Iterable[str], size: int) -> Tokenizer:
    """Keep `size` pieces of a unigram tokenizer; the model's embedding rows follow, in place.

    Special tokens and single characters always stay, so every text can still be spelled. Of the rest the
    pieces seen least often in `texts` go, the less likely one first where two were seen alike.

    Raises:
        ValueError: the tokenizer is not a unigram model, or the size is too small for what must stay.
    """
    value = json.loads(tokenizer.to_str())
    if value["model"]["type"] != "Unigram":
        raise ValueError(f"only unigram tokenizers can be cut, this is {value['model']['type']}")
    vocabulary: list[tuple[str, float]] = value["model"]["vocab"]
    if size >= len(vocabulary):
        return tokenizer
    special = {token["content"] for token in value["added_tokens"]}
    seen: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch(list(texts)):
        seen.update(encoding.ids)

    def worth(index: int) -> tuple[bool, int, float]:
        piece, score = vocabulary[index]
        return (piece in special or len(piece) == 1, seen[index], score)

    kept = sorted(sorted(range(len(vocabulary)), key=worth, reverse=True)[:size])
    if not special <= {vocabulary[index][0] for index in kept}:
        raise ValueError(f"vocabulary: {size} is too small to keep the special tokens")
    value["model"]["vocab"] = [vocabulary[index] for index in kept]
    place = {vocabulary[index][0]: new for new, index in enumerate(kept)}
    value["model"]["unk_id"] = place[vocabulary[value["model"]["unk_id"]][0]]
    for token in value["added_tokens"]:
        token["id"] = place[token["content"]]
    for token in (value["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [place[content] for content in token["tokens"]]
    _keep_rows(model, kept)
    model.config.pad_token_id = place[vocabulary[model.config.pad_token_id][0]]
    return Tokenizer.from_str(json.dumps(value, ensure_ascii=False))


def _keep_rows(model: BertForSequenceClassification, kept: list[int]) -> None:
    rows = model.bert.embeddings.word_embeddings.weight.detach()[kept].clone()
    padding = kept.index(model.config.pad_token_id)
    model.bert.embeddings.word_embeddings = torch.nn.Embedding(
        len(kept), rows.shape[1], padding_idx=padding, _weight=rows
    )
    model.config.vocab_size = len(kept)
