#include "processor.h"

#if defined(__x86_64__)
// The compiler's function asks CPUID, and XGETBV for what the system keeps.
#define HAS(feature) (__builtin_cpu_init(), __builtin_cpu_supports(feature) != 0)
#else
#define HAS(feature) false
#endif
#if defined(WIDE_ANYWHERE)
#define HAS_WIDE(feature) true
#else
#define HAS_WIDE(feature) HAS(feature)
#endif

bool facsimile_has_avx2(void) { return HAS("avx2"); }
bool facsimile_has_fma(void) { return HAS("fma"); }
bool facsimile_has_avx512f(void) { return HAS_WIDE("avx512f"); }
bool facsimile_has_avx512bw(void) { return HAS_WIDE("avx512bw"); }
bool facsimile_has_avx512dq(void) { return HAS_WIDE("avx512dq"); }
bool facsimile_has_avx512vl(void) { return HAS_WIDE("avx512vl"); }
