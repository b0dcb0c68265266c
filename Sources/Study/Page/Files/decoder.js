"use strict";

// The decoder of a trained model, in plain loops: the same sums as the program's, in double precision.

/** Decodes base64: "f32" little-endian floats, or "u8" bytes. */
function unpack(text, kind) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  if (kind === "u8") return bytes;
  const view = new DataView(bytes.buffer);
  const floats = new Float32Array(bytes.length / 4);
  for (let i = 0; i < floats.length; i++) floats[i] = view.getFloat32(4 * i, true);
  return floats;
}

const activations = {
  identity: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  "leaky-relu": (x, slope) => (x > 0 ? x : slope * x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** weights [outputs, inputs], then biases. */
function linear(layer, weights, input) {
  const { inputs, outputs } = layer;
  const biases = layer.offset + inputs * outputs;
  const output = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = weights[biases + o];
    const row = layer.offset + o * inputs;
    for (let i = 0; i < inputs; i++) sum += weights[row + i] * input[i];
    output[o] = sum;
  }
  return output;
}

/** weights [inputs, outputs, kernel, kernel], then biases; maps are [channel, y, x]. */
function transposedConvolution(layer, weights, input) {
  const { inputs, outputs, kernel, stride, padding, height, width, outHeight, outWidth } = layer;
  const biases = layer.offset + inputs * outputs * kernel * kernel;
  const size = outHeight * outWidth;
  const output = new Float64Array(outputs * size);
  for (let o = 0; o < outputs; o++) output.fill(weights[biases + o], o * size, (o + 1) * size);
  for (let i = 0; i < inputs; i++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = input[(i * height + y) * width + x];
        if (value === 0) continue;
        for (let o = 0; o < outputs; o++) {
          const taps = layer.offset + (i * outputs + o) * kernel * kernel;
          for (let ky = 0; ky < kernel; ky++) {
            const row = y * stride - padding + ky;
            if (row < 0 || row >= outHeight) continue;
            for (let kx = 0; kx < kernel; kx++) {
              const column = x * stride - padding + kx;
              if (column < 0 || column >= outWidth) continue;
              output[o * size + row * outWidth + column] += weights[taps + ky * kernel + kx] * value;
            }
          }
        }
      }
    }
  }
  return output;
}

/** Makes a decoder from the page's data: codes in, pixels from 0 to 1 in the order (channel, y, x) out. */
function makeDecoder(specification) {
  const weights = unpack(specification.weights, "f32");
  const kinds = { linear, transposed: transposedConvolution };
  return {
    name: specification.name,
    latent: specification.latent,
    codes: unpack(specification.codes, "f32"),
    losses: unpack(specification.losses, "f32"),
    decode(code) {
      let values = code;
      for (const layer of specification.layers) {
        values = kinds[layer.kind](layer, weights, values);
        const activation = activations[layer.activation];
        for (let i = 0; i < values.length; i++) values[i] = activation(values[i], layer.slope);
      }
      return values;
    },
    /** The largest difference from what the program decoded for one code. */
    difference() {
      const expected = unpack(specification.check.output, "f32");
      const made = this.decode(unpack(specification.check.code, "f32"));
      let largest = made.length === expected.length ? 0 : Infinity;
      for (let i = 0; i < made.length; i++) largest = Math.max(largest, Math.abs(made[i] - expected[i]));
      return largest;
    },
  };
}
