"""Names of the U-Net's layers in diffusers' layout, which adapters use."""

from __future__ import annotations

RESNET_NAMES = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
LAYER_NAMES = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding": "label_emb",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
MIDDLE_PLACES = {"resnets.0": 0, "attentions.0": 1, "resnets.1": 2}


def diffusers_name(path: str, blocks: int) -> str | None:
    """Our name of a layer -> theirs; `blocks`: the residual blocks per level."""
    whole = {ours: theirs for theirs, ours in LAYER_NAMES.items()}
    if path in whole:
        return whole[path]
    stem, _, rest = path.partition(".")
    place, _, rest = rest.partition(".")
    if stem == "middle_block":
        kind = {index: kind for kind, index in MIDDLE_PLACES.items()}.get(int(place))
        return f"mid_block.{kind}.{_resnet_of_diffusers(rest)}" if kind else None
    if stem not in ("input_blocks", "output_blocks"):
        return None
    sub, _, rest = rest.partition(".")
    down = stem == "input_blocks"
    level, index = divmod(int(place) - down, blocks + 1)
    block = f"{'down' if down else 'up'}_blocks.{level}"
    if rest in ("op", "conv"):
        return f"{block}.{'down' if down else 'up'}samplers.0.conv"
    if sub == "0":
        return f"{block}.resnets.{index}.{_resnet_of_diffusers(rest)}"
    return f"{block}.attentions.{index}.{rest}"


def _resnet_of_diffusers(rest: str) -> str:
    return {ours: theirs for theirs, ours in RESNET_NAMES.items()}.get(rest, rest)
