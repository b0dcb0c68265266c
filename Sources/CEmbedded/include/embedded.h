#pragma once

// Text files that go into the program as they are. C, since Swift literals of the kernels took the compiler 17 s.
// What is returned is UTF-8, ended by a zero; null where there is no file of the name.

// `activation.cl` and the like, from the folder `Kernels`.
const char *facsimile_kernel(const char *file);

// `report.html` and the like, from the folders `Sources/Study/Page/Files` and `Sources/LivePage/Page`.
const char *facsimile_page(const char *file);
