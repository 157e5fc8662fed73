"""How does a trained encoder become a graph that onnxruntime runs fast?

Written out by hand in onnxruntime's fused operations, because what torch exports isn't fused by its optimiser.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

Weights = Mapping[str, NDArray[np.float32]]

_EPSILON = 1e-12
_SIDES = ("weight", "bias")
_OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]


class Graph:
    """A graph under construction; each method adds nodes and returns the name of what they answer.

    Texts are padded on the right; `lengths` (texts, int32) says how many tokens of each are its own.
    """

    def __init__(self, heads: int) -> None:
        self._heads = heads
        self._nodes: list[onnx.NodeProto] = []
        self._kept: list[onnx.TensorProto] = []
        self._inputs = [helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"])]
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, kind: int, shape: list[str | int]) -> str:
        """Declare something that the caller hands in."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, source: str, shape: list[str | int]) -> None:
        """Declare an answer, float32."""
        self._nodes.append(helper.make_node("Identity", [source], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def keep(self, value: NDArray[Any] | np.generic) -> str:
        """Store a constant."""
        name = self._name("constant")
        self._kept.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def add(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Add one operation."""
        name = self._name(kind)
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def embed(self, ids: str, weights: Weights) -> str:
        """Look up tokens and positions: texts × tokens (int32) to texts × tokens × width."""
        part = "embeddings."
        positions = weights[part + "position_embeddings.weight"] + weights[part + "token_type_embeddings.weight"][0]
        name = self._name("embedded")
        inputs = [ids, "", self.keep(weights[part + "word_embeddings.weight"]), self.keep(positions), ""]
        inputs += [self.keep(weights[part + f"LayerNorm.{side}"]) for side in _SIDES]
        self._nodes.append(
            helper.make_node(
                "EmbedLayerNormalization", inputs, [name, name + "_index"], name=name, domain="com.microsoft",
                epsilon=_EPSILON,
            )
        )  # fmt: skip
        return name

    def layer(self, hidden: str, weights: Weights, prefix: str) -> str:
        """Add one transformer layer, whose weights' names begin with `prefix`."""
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        parts = [f"attention.self.{part}." for part in ("query", "key", "value")]
        matrix = np.concatenate([own[part + "weight"].T for part in parts], axis=1)
        bias = np.concatenate([own[part + "bias"] for part in parts])
        inputs = [hidden, self.keep(matrix), self.keep(bias), "lengths"]
        seen = self.add("Attention", inputs, "com.microsoft", num_heads=self._heads)
        seen = self._dense(seen, own, "attention.output.dense.")
        seen = self._normalised(seen, hidden, own, "attention.output.")
        wide = self.add("MatMul", [seen, self.keep(own["intermediate.dense.weight"].T)])
        wide = self.add("BiasGelu", [wide, self.keep(own["intermediate.dense.bias"])], "com.microsoft")
        return self._normalised(self._dense(wide, own, "output.dense."), seen, own, "output.")

    def mask(self, hidden: str) -> str:
        """Return texts × tokens: 1 for a text's own tokens, 0 for padding."""
        width = self.add("Gather", [self.add("Shape", [hidden]), self.keep(np.array(1))])
        places = self.add("Range", [self.keep(np.array(0)), width, self.keep(np.array(1))])
        ends = self.add("Cast", [self.add("Unsqueeze", ["lengths", self.keep(np.array([1]))])], to=TensorProto.INT64)
        return self.add("Cast", [self.add("Less", [places, ends])], to=TensorProto.FLOAT)

    def model(self) -> onnx.ModelProto:
        """Return the checked model."""
        graph = helper.make_graph(self._nodes, "encoder", self._inputs, self._outputs, self._kept)
        return helper.make_model(graph, opset_imports=_OPSETS, ir_version=9)

    def _dense(self, source: str, own: Weights, name: str) -> str:
        product = self.add("MatMul", [source, self.keep(own[name + "weight"].T)])
        return self.add("Add", [product, self.keep(own[name + "bias"])])

    def _normalised(self, source: str, skip: str, own: Weights, name: str) -> str:
        # Two operations, and served with SkipLayerNormFusion off: the fused one takes six times as long as both.
        inputs = [self.add("Add", [source, skip]), *(self.keep(own[f"{name}LayerNorm.{side}"]) for side in _SIDES)]
        return self.add("LayerNormalization", inputs, axis=-1, epsilon=_EPSILON)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


def save_int8(model: onnx.ModelProto, path: Path) -> None:
    """Write the model with weights in 8 bits, one scale a column; activations are rounded as they come.

    Seven bits are used: without VNNI, sums of two products of eight would overflow.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        onnx.save(model, whole)
        quantize_dynamic(
            whole, path, op_types_to_quantize=["MatMul", "Attention", "EmbedLayerNormalization"], per_channel=True,
            reduce_range=True, weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )  # fmt: skip
