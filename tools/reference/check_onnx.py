"""ONNX files against Facsimile's own results, by onnxruntime.

    facsimile export RUN --format onnx --part PART --out PART.onnx        (any parts of one run)
    facsimile evaluate RUN --data FOLDER --outputs OUT.safetensors
    python check_onnx.py --images FOLDER/t10k-images-idx3-ubyte --outputs OUT.safetensors PART.onnx ...

OUT holds `output` (images, or logits where the model computes logits) and `code`. A decoder gets the codes of OUT.
Every file must pass onnx.checker, take one image as well as all, give largest differences of at most 1e-5 (of the
largest value where that is above 1), and carry the hashes of its weights. Exit: 0 equal, 1 they differ, 2 a file is
not what it should be.
"""

import argparse
import hashlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from safetensors.numpy import load_file

import data

LIMIT = 1e-5


def close(name, ours, theirs):
    """Prints one line; whether the values agree."""
    if ours.size != theirs.size:
        raise ValueError(f"{name}: {theirs.shape}, expected {ours.shape}")
    largest = max(1.0, float(np.abs(ours).max()))
    apart = float(np.abs(ours.reshape(-1) - theirs.reshape(-1)).max()) / largest
    good = apart <= LIMIT
    print(f"  {name}: {'equal' if good else 'DIFFERENT'}, largest difference {apart:.3g} of {largest:.3g}")
    return good


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def softmax(x):
    e = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def check(path, images, ours):
    """Whether one file computes what Facsimile does."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    facts = {p.key: p.value for p in model.metadata_props}
    print(f"{path}: {facts['part']} of {facts['model']}")
    names = [i.name for i in model.graph.input]
    inputs = {"image": images, "code": ours["code"]}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim][1:]
    given = inputs[names[0]].reshape(-1, *shape)
    outputs = [o.name for o in model.graph.output]
    found = dict(zip(outputs, session.run(None, {names[0]: given})))
    alone = dict(zip(outputs, session.run(None, {names[0]: given[:1]})))

    expected = {}
    if "logits" in found:
        expected["logits"] = ours["output"]
        if "probabilities" in found:
            expected["probabilities"] = softmax(ours["output"])
        else:
            expected["reconstruction"] = sigmoid(ours["output"])
    elif "reconstruction" in found:
        expected["reconstruction"] = ours["output"]
    if "code" in found:
        expected["code"] = ours["code"]
    good = [close(n, v, found[n]) for n, v in expected.items()]
    good += [close(f"{n} alone", found[n][:1], alone[n]) for n in outputs]
    if facts["part"] in ("model", "classifier"):
        values = [numpy_helper.to_array(t) for t in model.graph.initializer if not t.name.endswith(".shape")]
        digest = hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()
        good.append(digest == facts["weights_sha256"])
        print(f"  weights: {'the hash named' if good[-1] else 'ANOTHER HASH than the one named'}")
    return all(good)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", required=True)
    parser.add_argument("--outputs", required=True)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    try:
        ours = load_file(arguments.outputs)
        images = data.read_idx(arguments.images)[: len(ours["code"])]
        images = images.astype(np.float32) / np.float32(255)
        good = [check(f, images, ours) for f in arguments.files]
    except (ValueError, OSError, KeyError, onnx.checker.ValidationError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
