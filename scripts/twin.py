"""Gated prompt tuning in PyTorch: what this program's numbers are judged by, and what its speed is compared with.

    from twin import Shape, Tuning, Twin
    twin = Twin(Shape(dim=24, depth=3, heads=3, patch=4, image=16, classes=5), Tuning(method='gated', tokens=3))
    loss = twin.loss(images, labels)          # images [B, 3, image, image], labels [B]
    loss.backward()                           # gradients in twin.weights[name].grad of every twin.tuned name

The method is that of Yoo et al., ICML 2023 (arXiv 2306.05067); beside it, those it is compared with. All tensors live
in one dict under the names of the public checkpoints; those that do not train take no gradient, so PyTorch computes
none for them. Nothing random happens in a forward pass: noise and dropout masks are arguments.
"""
import math
import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F

PROMPTED = ('gated', 'gated-hard', 'shallow', 'deep')
METHODS = PROMPTED + ('linear', 'full', 'bias')  # and partial-K: the last K blocks, the norm and the head
POOLS = ('mae', 'cls', 'img', 'prompt')
LAYER_NORM_EPS = 1e-6
TEMP_RANGE = (0.01, 10.0)


@dataclass
class Shape:
    dim: int
    depth: int
    heads: int
    patch: int
    image: int
    classes: int
    mlp: int = 0  # 0: 4 * dim

    def __post_init__(self):
        self.mlp = self.mlp or 4 * self.dim

    @property
    def patches(self):
        return (self.image // self.patch) ** 2


@dataclass
class Tuning:
    method: str = 'gated'
    pool: str = 'mae'
    tokens: int = 0
    insert_at: int = 0  # block at whose input the prompts enter, from 0
    learn_temp: bool = True
    gate_init: float = 5.0

    def __post_init__(self):
        last_blocks = re.fullmatch('partial-([1-9][0-9]*)', self.method)
        if not last_blocks and self.method not in METHODS or self.pool not in POOLS:
            raise ValueError(f'method {self.method}, pool {self.pool}: expected one of {METHODS} or partial-K, '
                             f'one of {POOLS}')
        self.last_blocks = int(last_blocks[1]) if last_blocks else 0  # how many train
        self.gated = self.method.startswith('gated')
        self.learn_temp = self.learn_temp and self.gated
        self.prompted = self.method in PROMPTED
        if not self.prompted:
            self.tokens = 0


def block_shapes(at, dim, mlp):
    """Name -> shape of every tensor of the block whose names start with `at`."""
    shapes = {}
    for part, out, into in (('attn.qkv', 3 * dim, dim), ('attn.proj', dim, dim), ('mlp.fc1', mlp, dim),
                            ('mlp.fc2', dim, mlp)):
        shapes[f'{at}{part}.weight'] = (out, into)
        shapes[f'{at}{part}.bias'] = (out,)
    for part in ('norm1', 'norm2'):
        shapes[f'{at}{part}.weight'] = shapes[f'{at}{part}.bias'] = (dim,)
    return shapes


def backbone_shapes(s):
    """Name -> shape of every tensor of the backbone, in the order of the public files."""
    shapes = {
        'cls_token': (1, 1, s.dim),
        'pos_embed': (1, s.patches + 1, s.dim),
        'patch_embed.proj.weight': (s.dim, 3, s.patch, s.patch),
        'patch_embed.proj.bias': (s.dim,),
    }
    for i in range(s.depth):
        shapes.update(block_shapes(f'blocks.{i}.', s.dim, s.mlp))
    shapes['norm.weight'] = shapes['norm.bias'] = (s.dim,)
    return shapes


def added_shapes(s, t):
    """Name -> shape of every tensor beside the backbone; all of these train."""
    shapes = {}
    if t.prompted:
        shapes['prompt_embeddings'] = (1, t.tokens, s.dim)
    if t.method == 'deep':
        shapes['deep_prompt_embeddings'] = (s.depth - 1, t.tokens, s.dim)
    if t.gated:
        shapes['gate_logit'] = (s.depth - 1,)
    if t.learn_temp:
        shapes['temp'] = (s.depth,)
    shapes['head.last_layer.weight'] = (s.classes, s.dim)
    shapes['head.last_layer.bias'] = (s.classes,)
    return shapes


def backbone_trains(name, s, t):
    """Does this tensor of the backbone train?"""
    if t.last_blocks:
        last = tuple(f'blocks.{i}.' for i in range(max(s.depth - t.last_blocks, 0), s.depth))
        return name.startswith(last + ('norm.',))
    return t.method == 'full' or t.method == 'bias' and name.endswith('bias')


def layer_norm(w, name, x):
    return F.layer_norm(x, x.shape[-1:], w[name + '.weight'], w[name + '.bias'], LAYER_NORM_EPS)


def linear(w, name, x):
    return F.linear(x, w[name + '.weight'], w[name + '.bias'])


def attend(w, at, x, heads, temp=None):
    """softmax(q k^T / (sqrt(dim / heads) * temp)) v over each head, then the output projection; and the softmax."""
    batch, n, dim = x.shape
    q, k, v = (part.transpose(1, 2) for part in linear(w, at + 'qkv', x).view(batch, n, 3, heads, -1).unbind(2))
    q = q * (dim // heads) ** -0.5
    if temp is not None:
        q = q / temp
    probabilities = torch.softmax(q @ k.mT, dim=-1)
    y = (probabilities @ v).transpose(1, 2).reshape(batch, n, dim)
    return linear(w, at + 'proj', y), probabilities


def block(w, at, x, heads, temp=None):
    """The block whose names start with `at`: its output and its attention."""
    y, probabilities = attend(w, at + 'attn.', layer_norm(w, at + 'norm1', x), heads, temp)
    x = x + y
    hidden = F.gelu(linear(w, at + 'mlp.fc1', layer_norm(w, at + 'norm2', x)))
    return x + linear(w, at + 'mlp.fc2', hidden), probabilities


def patch_rows(w, images, patch):
    """The patch embedding of every patch, in reading order, without positions."""
    rows = F.conv2d(images, w['patch_embed.proj.weight'], w['patch_embed.proj.bias'], stride=patch)
    return rows.flatten(2).mT


class Model:
    """Named weights, of which the `tuned` ones train."""

    def __init__(self, shapes, tuned, dtype):
        self.weights = {k: torch.zeros(v, dtype=dtype) for k, v in shapes.items()}
        self.tuned = tuned
        for w in self.parameters():
            w.requires_grad_()

    def parameters(self):
        return [self.weights[name] for name in self.tuned]

    def zero_grad(self):
        for w in self.parameters():
            w.grad = None

    def gradient(self, name):
        """A tensor that the loss does not depend on (deep prompts of blocks before the insertion) has gradient 0."""
        w = self.weights[name]
        return torch.zeros_like(w) if w.grad is None else w.grad


class Twin(Model):
    def __init__(self, shape, tuning, dtype=torch.float32):
        self.shape, self.tuning = shape, tuning
        backbone, added = backbone_shapes(shape), added_shapes(shape, tuning)
        tuned = [name for name in backbone if backbone_trains(name, shape, tuning)] + list(added)
        super().__init__({**backbone, **added}, tuned, dtype)
        self.start()

    @torch.no_grad()
    def start(self):
        """Starting values: the published ones for what trains, MAE's for the backbone (positions stay 0)."""
        s = self.shape
        for name, w in self.weights.items():
            if name.endswith('prompt_embeddings'):
                limit = math.sqrt(6 / (3 * s.patch ** 2 + s.dim))
                w.uniform_(-limit, limit)
            elif name == 'gate_logit':
                w.fill_(-self.tuning.gate_init)
            elif name == 'temp' or 'norm' in name and name.endswith('weight'):
                w.fill_(1)
            elif name == 'head.last_layer.weight':
                torch.nn.init.kaiming_normal_(w, mode='fan_out')
            elif name == 'head.last_layer.bias':
                w.fill_(-math.log(99))
            elif name.endswith('weight'):
                torch.nn.init.xavier_uniform_(w.view(w.shape[0], -1))

    def embed(self, images):
        w = self.weights
        rows = patch_rows(w, images, self.shape.patch)
        return torch.cat([w['cls_token'].expand(len(images), 1, -1), rows], 1) + w['pos_embed']

    def gate(self, i, noise, training):
        logit = self.weights['gate_logit'][i]
        if self.tuning.method == 'gated':
            return torch.sigmoid(logit)
        if not training:
            return (logit > 0).to(logit.dtype)
        soft = torch.sigmoid(logit + noise[i])
        return soft + ((logit + noise[i] > 0).to(soft.dtype) - soft).detach()

    def own_prompts(self, i, batch, dropout):
        """What is written into the prompt places before block i [batch, tokens, dim]; None: what is there stays."""
        t, w = self.tuning, self.weights
        if i == t.insert_at:
            prompts = w['prompt_embeddings'].expand(batch, -1, -1)
        elif t.method == 'deep' and i > t.insert_at:
            prompts = w['deep_prompt_embeddings'][i - 1].expand(batch, -1, -1)
        else:
            return None
        if dropout is None:
            return prompts
        return prompts * (dropout[i] if t.method == 'deep' else dropout)

    def features(self, images, noise=None, dropout=None, training=False, maps=None):
        """noise [depth - 1]: logistic noise of hard gates; dropout: masks scaled by 1 / (1 - p), [batch, tokens, dim],
        for deep prompts [depth, batch, tokens, dim]; maps: a dict that takes each block's attention."""
        s, t = self.shape, self.tuning
        if t.learn_temp:
            with torch.no_grad():
                self.weights['temp'].clamp_(*TEMP_RANGE)
        x = self.embed(images)
        first = 1  # place of the first patch
        for i in range(s.depth):
            prompts = self.own_prompts(i, len(images), dropout) if t.prompted else None
            if prompts is not None:
                x = torch.cat([x[:, :1], prompts, x[:, first:]], 1)
                first = 1 + t.tokens
            temp = self.weights['temp'][i] if t.learn_temp else None
            y, probabilities = block(self.weights, f'blocks.{i}.', x, s.heads, temp)
            if maps is not None:
                maps[i] = probabilities.detach()
            if t.gated and first > 1 and i < s.depth - 1:
                g = self.gate(i, noise, training)
                y = torch.cat([y[:, :1], g * y[:, 1:first] + (1 - g) * x[:, 1:first], y[:, first:]], 1)
            x = y
        if t.pool == 'cls':
            x = x[:, 0]
        else:
            x = {'mae': x[:, 1:], 'img': x[:, first:], 'prompt': x[:, 1:first]}[t.pool].mean(1)
        return layer_norm(self.weights, 'norm', x)

    def logits(self, images, **more):
        return linear(self.weights, 'head.last_layer', self.features(images, **more))

    def loss(self, images, labels, **more):
        return F.cross_entropy(self.logits(images, **more), labels)

    def selection_ratio(self):
        """Share of each block in the prompts that the last one receives: w_l = g_l prod_{k>l} (1 - g_k), made to sum
        to 1 (equations 10 and 11 of the paper)."""
        g = torch.sigmoid(self.weights['gate_logit'].detach())
        left, shares = torch.ones((), dtype=g.dtype), []
        for value in g.flip(0):
            shares.append(value * left)
            left = left * (1 - value)
        w = torch.stack(shares[::-1])
        return w / w.sum()
