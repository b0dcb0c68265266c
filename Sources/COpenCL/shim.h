// OpenCL 1.2: all that Facsimile asks of a device.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
