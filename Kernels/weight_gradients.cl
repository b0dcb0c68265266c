// Several layers' gradients of weights and biases in one launch, on a GPU: each alone is too little work for one, and
// launching costs more than computing. See `conv2d_backward_weight` and its siblings for what they are.

// A row of the table describes one layer.
typedef struct {
  uint first;   // the first item of the launch that is this layer's, a multiple of a group
  uint items;   // items of a chunk
  uint kind;    // LAYER_…
  uint input, output_gradient;   // where they start in the arena, in floats
  uint weight, bias;             // where the gradients start in `partials` or `gradients`
  uint step;                     // floats from one chunk's partials to the next's
  uint blocks, inputs, outputs, item_quads, item_tiles;
  MapSizes sizes;
} WeightLayer;

#define LAYER_CONVOLUTION 0
#define LAYER_TRANSPOSED 1
#define LAYER_LINEAR 2

// `layers` holds `count` rows of WeightLayer. Only used if lanes are work-items.
__kernel void backward_weights(
    __global const float *arena, __global float *partials, __global float *gradients, __global const uint *layers,
    int count) {
#if LANES == 1
  JOIN_SCRATCH
  int together = (int)get_local_size(1);
  uint start = (uint)get_group_id(1) * together;
  __global const WeightLayer *layer = (__global const WeightLayer *)layers;
  for (int i = 1; i < count && layer[1].first <= start; ++i) ++layer;
  WeightLayer l = *layer;
  int group = (int)((start - l.first) % l.items) / together, chunk = (int)((start - l.first) / l.items);
  __global const float *input = arena + l.input, *output_gradient = arena + l.output_gradient;
  if (l.kind == LAYER_LINEAR) {
    linear_weight_group(
        input, output_gradient, gradients + l.weight, gradients + l.bias, l.inputs, l.outputs, l.blocks,
        l.item_quads, l.item_tiles, group JOIN_PASS);
  } else {
    bool is_up = l.kind == LAYER_TRANSPOSED;
    convolution_weight_group(
        is_up ? output_gradient : input, is_up ? input : output_gradient, partials, l.sizes, is_up, l.blocks,
        l.weight, l.bias, l.step, l.item_quads == 0, group, chunk JOIN_PASS);
  }
#endif
}
