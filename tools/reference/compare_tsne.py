"""t-SNE of a run's codes, ours compared with openTSNE's: seconds, and the quality of the maps by the same measures.

  python tools/reference/compare_tsne.py RUN [--program facsimile] [--split test] [--count N|all] [--perplexity P]

Runs `facsimile latent` and openTSNE (pip install openTSNE, default settings, two threads) one after the other on the
same codes, and prints for each: seconds, KL divergence (exact affinities, all pairs), trustworthiness and recall of 10
neighbours, and Spearman's correlation of the distances of 200,000 pairs. Ours is timed as a whole: the program, its
encoder and its own measures included; openTSNE without Python's start.
"""
import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy
import openTSNE
from openTSNE.affinity import PerplexityBasedNN
from scipy.stats import spearmanr

NEIGHBOURS = 10


def squares(a, b):
    return numpy.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0)


def measures(codes, places, affinities):
    count, k, normalisation, penalty, kept = len(codes), NEIGHBOURS, 0.0, 0, 0
    for first in range(0, count, 1000):
        own = numpy.arange(first, min(first + 1000, count))
        near, far = squares(places[own], places), squares(codes[own], codes)
        normalisation += (1 / (1 + near)).sum() - len(own)
        near[own - first, own] = far[own - first, own] = -1
        nearest = numpy.argpartition(near, k + 1, axis=1)[:, : k + 1]
        ranks = numpy.take_along_axis(far.argsort(axis=1).argsort(axis=1), nearest, axis=1)
        penalty += numpy.maximum(ranks - k, 0).sum()
        kept += ((ranks >= 1) & (ranks <= k)).sum()
    i, j = affinities.nonzero()
    p = numpy.asarray(affinities[i, j]).ravel()
    energy = numpy.log(1 + ((places[i] - places[j]) ** 2).sum(1))
    random = numpy.random.default_rng(0)
    a, b = random.integers(0, count, (2, 200_000))
    return {
        "KL divergence": (p * (numpy.log(p) + energy)).sum() + numpy.log(normalisation),
        "trustworthiness": 1 - 2 / (count * k * (2 * count - 3 * k - 1)) * penalty,
        "neighbour recall": kept / count / k,
        "rank correlation": spearmanr(((codes[a] - codes[b]) ** 2).sum(1), ((places[a] - places[b]) ** 2).sum(1))[0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--program", default="facsimile")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", default="all")
    parser.add_argument("--perplexity", type=float, default=30)
    options = parser.parse_args()
    common = [options.program, "latent", options.run, "--split", options.split, "--count", options.count]
    common += ["--device", "cpu", "--threads", "2"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([*common, "--method", "pca", "--out", folder / "codes"], check=True, stdout=subprocess.DEVNULL)
        codes = numpy.loadtxt(folder / "codes" / "tensors.tsv", delimiter="\t", ndmin=2)
        start = time.time()
        tsne = ["--method", "tsne", "--perplexity", str(options.perplexity), "--out", folder / "map.csv"]
        subprocess.run([*common, *tsne], check=True, stdout=subprocess.DEVNULL)
        ours = time.time() - start
        table = numpy.genfromtxt(folder / "map.csv", delimiter=",", skip_header=1)
    start = time.time()
    theirs = numpy.asarray(openTSNE.TSNE(perplexity=options.perplexity, n_jobs=2, random_state=0).fit(codes))
    seconds = time.time() - start
    affinities = PerplexityBasedNN(codes, perplexity=options.perplexity, method="exact", n_jobs=2).P.tocsr()
    a, b = measures(codes, table[:, 2:4], affinities), measures(codes, theirs, affinities)
    print(f"{len(codes):,} codes, perplexity {options.perplexity:g}{'':14}ours{'':8}openTSNE {openTSNE.__version__}")
    print(f"{'seconds':40}{ours:10.1f}{seconds:14.1f}   {seconds / ours:.1f} times")
    for name in a:
        print(f"{name:40}{a[name]:10.4f}{b[name]:14.4f}")


if __name__ == "__main__":
    main()
