"""Gated prompt tuning in PyTorch: what this program's numbers are judged by, and what its speed is compared with.

    from twin import Shape, Tuning, Twin
    twin = Twin(Shape(dim=24, depth=3, heads=3, patch=4, image=16, classes=5), Tuning(method='gated', tokens=3))
    loss = twin.loss(images, labels)          # images [B, 3, image, image], labels [B]
    loss.backward()                           # gradients in twin.weights[name].grad of every twin.tuned name

The method is that of Yoo et al., ICML 2023 (arXiv 2306.05067). All tensors live in one dict under the names of the
public checkpoints; those of the backbone take no gradient, so PyTorch computes no weight gradients for them. Nothing
random happens in a forward pass: noise and dropout masks are arguments.
"""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

METHODS = ('gated', 'gated-hard', 'shallow', 'deep', 'linear')
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
        if self.method not in METHODS or self.pool not in POOLS:
            raise ValueError(f'method {self.method}, pool {self.pool}: expected one of {METHODS}, one of {POOLS}')
        self.gated = self.method.startswith('gated')
        self.learn_temp = self.learn_temp and self.gated
        if self.method == 'linear':
            self.tokens = 0


def backbone_shapes(s):
    """Name -> shape of every frozen tensor, in the order of the public files."""
    shapes = {
        'cls_token': (1, 1, s.dim),
        'pos_embed': (1, s.patches + 1, s.dim),
        'patch_embed.proj.weight': (s.dim, 3, s.patch, s.patch),
        'patch_embed.proj.bias': (s.dim,),
    }
    for i in range(s.depth):
        for part, out, into in (('attn.qkv', 3 * s.dim, s.dim), ('attn.proj', s.dim, s.dim),
                                ('mlp.fc1', s.mlp, s.dim), ('mlp.fc2', s.dim, s.mlp)):
            shapes[f'blocks.{i}.{part}.weight'] = (out, into)
            shapes[f'blocks.{i}.{part}.bias'] = (out,)
        for part in ('norm1', 'norm2'):
            shapes[f'blocks.{i}.{part}.weight'] = (s.dim,)
            shapes[f'blocks.{i}.{part}.bias'] = (s.dim,)
    shapes['norm.weight'] = shapes['norm.bias'] = (s.dim,)
    return shapes


def tuned_shapes(s, t):
    """Name -> shape of every tensor that trains."""
    shapes = {}
    if t.method != 'linear':
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


class Twin:
    def __init__(self, shape, tuning, dtype=torch.float32):
        self.shape, self.tuning = shape, tuning
        self.weights = {k: torch.zeros(v, dtype=dtype) for k, v in backbone_shapes(shape).items()}
        self.tuned = list(tuned_shapes(shape, tuning))
        for name, size in tuned_shapes(shape, tuning).items():
            self.weights[name] = torch.zeros(size, dtype=dtype, requires_grad=True)
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

    def parameters(self):
        return [self.weights[name] for name in self.tuned]

    def zero_grad(self):
        for w in self.parameters():
            w.grad = None

    def gradient(self, name):
        """A tensor that the loss does not depend on (deep prompts of blocks before the insertion) has gradient 0."""
        w = self.weights[name]
        return torch.zeros_like(w) if w.grad is None else w.grad

    def embed(self, images):
        w = self.weights
        rows = F.conv2d(images, w['patch_embed.proj.weight'], w['patch_embed.proj.bias'], stride=self.shape.patch)
        rows = rows.flatten(2).mT
        return torch.cat([w['cls_token'].expand(len(images), 1, -1), rows], 1) + w['pos_embed']

    def attend(self, i, x, maps):
        """softmax(q k^T / (sqrt(dim / heads) * temp_i)) v over each head, then the output projection."""
        s, w, at = self.shape, self.weights, f'blocks.{i}.attn.'
        batch, n, _ = x.shape
        qkv = F.linear(x, w[at + 'qkv.weight'], w[at + 'qkv.bias']).view(batch, n, 3, s.heads, -1)
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))
        q = q * (s.dim // s.heads) ** -0.5
        if self.tuning.learn_temp:
            q = q / w['temp'][i]
        probabilities = torch.softmax(q @ k.mT, dim=-1)
        if maps is not None:
            maps[i] = probabilities.detach()
        y = (probabilities @ v).transpose(1, 2).reshape(batch, n, s.dim)
        return F.linear(y, w[at + 'proj.weight'], w[at + 'proj.bias'])

    def block(self, i, x, maps):
        w, at = self.weights, f'blocks.{i}.'

        def norm(which, rows):
            return F.layer_norm(rows, (self.shape.dim,), w[f'{at}{which}.weight'], w[f'{at}{which}.bias'],
                                LAYER_NORM_EPS)

        x = x + self.attend(i, norm('norm1', x), maps)
        hidden = F.gelu(F.linear(norm('norm2', x), w[at + 'mlp.fc1.weight'], w[at + 'mlp.fc1.bias']))
        return x + F.linear(hidden, w[at + 'mlp.fc2.weight'], w[at + 'mlp.fc2.bias'])

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
            prompts = None if t.method == 'linear' else self.own_prompts(i, len(images), dropout)
            if prompts is not None:
                x = torch.cat([x[:, :1], prompts, x[:, first:]], 1)
                first = 1 + t.tokens
            y = self.block(i, x, maps)
            if t.gated and first > 1 and i < s.depth - 1:
                g = self.gate(i, noise, training)
                y = torch.cat([y[:, :1], g * y[:, 1:first] + (1 - g) * x[:, 1:first], y[:, first:]], 1)
            x = y
        if t.pool == 'cls':
            x = x[:, 0]
        else:
            x = {'mae': x[:, 1:], 'img': x[:, first:], 'prompt': x[:, 1:first]}[t.pool].mean(1)
        return F.layer_norm(x, (s.dim,), self.weights['norm.weight'], self.weights['norm.bias'], LAYER_NORM_EPS)

    def logits(self, images, **more):
        head = 'head.last_layer.'
        return F.linear(self.features(images, **more), self.weights[head + 'weight'], self.weights[head + 'bias'])

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
