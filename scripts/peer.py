"""Times the method in PyTorch (scripts/twin.py), f32, random weights: the number to hold `gptui bench --json` against.

    /usr/bin/python3 scripts/peer.py --model vitb16 --prompts 100 --batch 16 --threads 2       (scripts/bench-peer does both)

Prints one line of JSON with the same field names. A training step is forward, backward and the SGD update; the best of
--repeats is taken, after one step that is not counted. Needs Debian's python3-torch; about 0.24 GB an image for ViT-B.
"""
import argparse
import json
import os
import re
import resource
import sys
import time

sys.dont_write_bytecode = True
import torch

from twin import METHODS, POOLS, Shape, Tuning, Twin


def named_shape(name, classes):
    """A row of core/model/shapes.def, the program's own table."""
    table = os.path.join(os.path.dirname(sys.path[0]), 'core/model/shapes.def')
    with open(table, encoding='utf-8') as f:
        rows = dict(re.findall(r'^X\("([^"]+)", ([0-9, ]+),', f.read(), re.M))
    if name not in rows:
        sys.exit(f'peer.py: no model {name}; known: {", ".join(rows)}')
    dim, depth, heads, mlp, patch, image = (int(v) for v in rows[name].split(','))
    return Shape(dim, depth, heads, patch, image, classes, mlp)


def best_seconds(run, repeats):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    p = argparse.ArgumentParser(description='images/s of the method in PyTorch')
    p.add_argument('--model', default='vitb16')
    p.add_argument('--method', default='gated', choices=[m for m in METHODS if m != 'gated-hard'])
    p.add_argument('--pool', default='mae', choices=POOLS)
    p.add_argument('--prompts', type=int, default=100)
    p.add_argument('--batch', type=int, default=16)
    p.add_argument('--threads', type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument('--classes', type=int, default=200)
    p.add_argument('--repeats', type=int, default=3)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    shape = named_shape(a.model, a.classes)
    twin = Twin(shape, Tuning(a.method, a.pool, a.prompts))
    images = torch.randn(a.batch, 3, shape.image, shape.image)
    labels = torch.randint(0, a.classes, (a.batch,))
    sgd = torch.optim.SGD(twin.parameters(), 0.01, momentum=0.9)

    def train():
        sgd.zero_grad(set_to_none=True)
        twin.loss(images, labels).backward()
        sgd.step()

    @torch.no_grad()
    def evaluate():
        twin.logits(images)

    evaluation, training = best_seconds(evaluate, a.repeats), best_seconds(train, a.repeats)
    print(json.dumps({
        'model': a.model, 'method': a.method, 'pool': a.pool, 'threads': a.threads, 'prompts': a.prompts,
        'batch': a.batch, 'train_images_per_s': round(a.batch / training, 3),
        'eval_images_per_s': round(a.batch / evaluation, 3),
        'rss_bytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, 'torch': torch.__version__}))


main()
