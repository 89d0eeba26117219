"""Mean pooling inside the stock architecture: one more layer that looks at every token alike.

The base encoder was trained with mean pooling, `BertForSequenceClassification` reads the first token
only. The layer appended here starts with queries of zero, so its attention is uniform over the tokens
of the post and the first token receives their mean; from there it learns what to look at.
"""

from __future__ import annotations

import copy

import torch
from transformers import BertForSequenceClassification


def append_pooling_layer(model: BertForSequenceClassification) -> None:
    """Append the layer, in place; the model then has one hidden layer more.

    Values and the projection after them start as the identity and the feed-forward part adds nothing:
    what leaves the layer at first is norm(token + mean of the tokens), at the scale of what came in.
    Keys and the first half of the feed-forward part start as the layer's below, so that a gradient
    reaches the zeros beside them.
    """
    layer = copy.deepcopy(model.bert.encoder.layer[-1])
    attention, identity = layer.attention, torch.eye(model.config.hidden_size)
    with torch.no_grad():
        for part in (attention.self.query, attention.output.dense, attention.self.value, layer.output.dense):
            part.weight.zero_()
            part.bias.zero_()
        attention.self.value.weight.copy_(identity)
        attention.output.dense.weight.copy_(identity)
        # a normalised vector through weights w and biases b has the mean square w² + b²
        scale = (layer.output.LayerNorm.weight.square() + layer.output.LayerNorm.bias.square()).mean().sqrt().item()
        for norm, size in ((attention.output.LayerNorm, 1.0), (layer.output.LayerNorm, scale)):
            norm.weight.fill_(size)
            norm.bias.zero_()
    attention.self.layer_idx = len(model.bert.encoder.layer)
    model.bert.encoder.layer.append(layer)
    model.config.num_hidden_layers += 1
