"""Masked autoencoding in PyTorch: what this program's pre-training is judged by.

    from twin_mae import Decoder, Mae
    mae = Mae(Shape(dim=24, depth=3, heads=3, patch=4, image=16, classes=0), Decoder(dim=8, depth=1, heads=2))
    loss = mae.loss(images, visible)          # images [B, 3, image, image], visible [B, keep] patches, ascending
    loss.backward()                           # gradients in mae.weights[name].grad of every mae.tuned name

The method is that of He et al., CVPR 2022 (arXiv 2111.06377), with normalised pixels, under the names of its public
checkpoints. All weights start at 0: whoever makes one fills them. Nothing random happens here: which patches are seen
is an argument.
"""
from dataclasses import dataclass

import torch

from twin import Model, backbone_shapes, block, block_shapes, layer_norm, linear, patch_rows

FIXED = ('pos_embed', 'decoder_pos_embed')
VARIANCE_EPS = 1e-6


@dataclass
class Decoder:
    dim: int
    depth: int
    heads: int


def decoder_shapes(s, d):
    """Name -> shape of every tensor beside the encoder."""
    shapes = {
        'decoder_embed.weight': (d.dim, s.dim),
        'decoder_embed.bias': (d.dim,),
        'mask_token': (1, 1, d.dim),
        'decoder_pos_embed': (1, s.patches + 1, d.dim),
    }
    for i in range(d.depth):
        shapes.update(block_shapes(f'decoder_blocks.{i}.', d.dim, 4 * d.dim))
    shapes['decoder_norm.weight'] = shapes['decoder_norm.bias'] = (d.dim,)
    shapes['decoder_pred.weight'] = (3 * s.patch ** 2, d.dim)
    shapes['decoder_pred.bias'] = (3 * s.patch ** 2,)
    return shapes


def patchify(images, patch):
    """[B, 3, H, H] -> [B, patches, values]: patches in reading order, a patch's values by row, column, channel."""
    batch, channels, side, _ = images.shape
    grid = images.view(batch, channels, side // patch, patch, side // patch, patch)
    return grid.permute(0, 2, 4, 3, 5, 1).reshape(batch, (side // patch) ** 2, -1)


class Mae(Model):
    def __init__(self, shape, decoder, dtype=torch.float32):
        self.shape, self.decoder = shape, decoder
        shapes = {**backbone_shapes(shape), **decoder_shapes(shape, decoder)}
        super().__init__(shapes, [name for name in shapes if name not in FIXED], dtype)

    def encode(self, images, visible):
        """CLS and the visible patches [B, 1 + keep, dim]."""
        w, s = self.weights, self.shape
        rows = patch_rows(w, images, s.patch) + w['pos_embed'][:, 1:]
        rows = rows.gather(1, visible[..., None].expand(-1, -1, s.dim))
        cls = w['cls_token'] + w['pos_embed'][:, :1]
        x = torch.cat([cls.expand(len(images), -1, -1), rows], 1)
        for i in range(s.depth):
            x, _ = block(w, f'blocks.{i}.', x, s.heads)
        return layer_norm(w, 'norm', x)

    def predict(self, images, visible):
        """Every patch's values [B, patches, values], those of visible ones too."""
        w, d = self.weights, self.decoder
        x = linear(w, 'decoder_embed', self.encode(images, visible))
        rows = w['mask_token'].expand(len(images), self.shape.patches, -1)
        rows = rows.scatter(1, visible[..., None].expand(-1, -1, d.dim), x[:, 1:])
        x = torch.cat([x[:, :1], rows], 1) + w['decoder_pos_embed']
        for i in range(d.depth):
            x, _ = block(w, f'decoder_blocks.{i}.', x, d.heads)
        return linear(w, 'decoder_pred', layer_norm(w, 'decoder_norm', x))[:, 1:]

    def target(self, images):
        """Every patch's values, less their mean, over their deviation (of the unbiased variance)."""
        values = patchify(images, self.shape.patch)
        variance = values.var(-1, unbiased=True, keepdim=True)
        return (values - values.mean(-1, keepdim=True)) / (variance + VARIANCE_EPS).sqrt()

    def loss(self, images, visible):
        """Mean square over a patch's values, then mean over all masked patches of the batch."""
        masked = torch.ones(len(images), self.shape.patches, dtype=torch.bool).scatter(1, visible, False)
        return (self.predict(images, visible) - self.target(images)).square().mean(-1)[masked].mean()
