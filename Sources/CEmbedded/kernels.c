#include "embedded.h"
#include "text.h"

static const struct Text texts[] = {
    {"activation.cl", (const unsigned char[]){
#embed "../../Kernels/activation.cl" suffix(, 0)
    }},
    {"arithmetic.cl", (const unsigned char[]){
#embed "../../Kernels/arithmetic.cl" suffix(, 0)
    }},
    {"batch.cl", (const unsigned char[]){
#embed "../../Kernels/batch.cl" suffix(, 0)
    }},
    {"clip_norm.cl", (const unsigned char[]){
#embed "../../Kernels/clip_norm.cl" suffix(, 0)
    }},
    {"conv2d.cl", (const unsigned char[]){
#embed "../../Kernels/conv2d.cl" suffix(, 0)
    }},
    {"conv_transpose2d.cl", (const unsigned char[]){
#embed "../../Kernels/conv_transpose2d.cl" suffix(, 0)
    }},
    {"convolution_down.cl", (const unsigned char[]){
#embed "../../Kernels/convolution_down.cl" suffix(, 0)
    }},
    {"convolution_up.cl", (const unsigned char[]){
#embed "../../Kernels/convolution_up.cl" suffix(, 0)
    }},
    {"convolution_weight.cl", (const unsigned char[]){
#embed "../../Kernels/convolution_weight.cl" suffix(, 0)
    }},
    {"cross_entropy.cl", (const unsigned char[]){
#embed "../../Kernels/cross_entropy.cl" suffix(, 0)
    }},
    {"division.cl", (const unsigned char[]){
#embed "../../Kernels/division.cl" suffix(, 0)
    }},
    {"dropout.cl", (const unsigned char[]){
#embed "../../Kernels/dropout.cl" suffix(, 0)
    }},
    {"elementary.cl", (const unsigned char[]){
#embed "../../Kernels/elementary.cl" suffix(, 0)
    }},
    {"flatten.cl", (const unsigned char[]){
#embed "../../Kernels/flatten.cl" suffix(, 0)
    }},
    {"formulas.cl", (const unsigned char[]){
#embed "../../Kernels/formulas.cl" suffix(, 0)
    }},
    {"gather.cl", (const unsigned char[]){
#embed "../../Kernels/gather.cl" suffix(, 0)
    }},
    {"importance.cl", (const unsigned char[]){
#embed "../../Kernels/importance.cl" suffix(, 0)
    }},
    {"initialise.cl", (const unsigned char[]){
#embed "../../Kernels/initialise.cl" suffix(, 0)
    }},
    {"lane_gradient.cl", (const unsigned char[]){
#embed "../../Kernels/lane_gradient.cl" suffix(, 0)
    }},
    {"lanes.cl", (const unsigned char[]){
#embed "../../Kernels/lanes.cl" suffix(, 0)
    }},
    {"layout.cl", (const unsigned char[]){
#embed "../../Kernels/layout.cl" suffix(, 0)
    }},
    {"leaky_relu.cl", (const unsigned char[]){
#embed "../../Kernels/leaky_relu.cl" suffix(, 0)
    }},
    {"linear.cl", (const unsigned char[]){
#embed "../../Kernels/linear.cl" suffix(, 0)
    }},
    {"losses.cl", (const unsigned char[]){
#embed "../../Kernels/losses.cl" suffix(, 0)
    }},
    {"parameters.cl", (const unsigned char[]){
#embed "../../Kernels/parameters.cl" suffix(, 0)
    }},
    {"philox.cl", (const unsigned char[]){
#embed "../../Kernels/philox.cl" suffix(, 0)
    }},
    {"probe.cl", (const unsigned char[]){
#embed "../../Kernels/probe.cl" suffix(, 0)
    }},
    {"random.cl", (const unsigned char[]){
#embed "../../Kernels/random.cl" suffix(, 0)
    }},
    {"reparameterize.cl", (const unsigned char[]){
#embed "../../Kernels/reparameterize.cl" suffix(, 0)
    }},
    {"square.cl", (const unsigned char[]){
#embed "../../Kernels/square.cl" suffix(, 0)
    }},
    {"staged.cl", (const unsigned char[]){
#embed "../../Kernels/staged.cl" suffix(, 0)
    }},
    {"sums.cl", (const unsigned char[]){
#embed "../../Kernels/sums.cl" suffix(, 0)
    }},
    {"tile.cl", (const unsigned char[]){
#embed "../../Kernels/tile.cl" suffix(, 0)
    }},
    {"update.cl", (const unsigned char[]){
#embed "../../Kernels/update.cl" suffix(, 0)
    }},
    {"weight_gradient.cl", (const unsigned char[]){
#embed "../../Kernels/weight_gradient.cl" suffix(, 0)
    }},
    {"weight_gradients.cl", (const unsigned char[]){
#embed "../../Kernels/weight_gradients.cl" suffix(, 0)
    }},
    {NULL, NULL},
};

const char *facsimile_kernel(const char *file) { return find(texts, file); }
