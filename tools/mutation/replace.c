// Changes a place of a kernel while the program runs: sits between the program and its OpenCL library.
//
//   cc -O2 -shared -fPIC -o libreplace.so replace.c -ldl
//   LD_PRELOAD=./libreplace.so MUTATE_OLD=tile.cl MUTATE_NEW=changed.cl FACSIMILE_KERNEL_CACHE=off program ...
//
// Whenever the program passes the text of a file in the list MUTATE_OLD (names separated by colons) to the compiler,
// this passes the file at the same position in MUTATE_NEW instead.
// The number MUTATE_NUMBER is stored where kernels of a CPU device can read it, at 0x200000000.
// MUTATE_GPU: every device claims to be a GPU, so that the kernels are compiled for work-items of one lane.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Maximum number of files of a program.
#define MOST 64

typedef void *(*lookup)(void *, const char *);
typedef void *(*create_program)(void *, uint32_t, const char **, const size_t *, int32_t *);
typedef int32_t (*device_info)(void *, uint32_t, size_t, void *, size_t *);

static create_program real_create_program;
static device_info real_device_info;

// The file whose name is at `index` in the list of a variable.
static char *contents(const char *variable, int index, size_t *length) {
  const char *name = getenv(variable);
  for (int i = 0; name && i < index; ++i) {
    name = strchr(name, ':');
    if (name) ++name;
  }
  if (!name) return NULL;
  char path[4096], *text = malloc(1 << 20);
  snprintf(path, sizeof path, "%.*s", (int)strcspn(name, ":"), name);
  FILE *file = fopen(path, "rb");
  if (!text || !file) abort();
  *length = fread(text, 1, 1 << 20, file);
  fclose(file);
  return text;
}

static void *changed_program(void *context, uint32_t count, const char **texts, const size_t *lengths, int32_t *error) {
  char *olds[MOST], *news[MOST];
  size_t old_lengths[MOST], new_lengths[MOST], all_lengths[MOST];
  const char *all_texts[MOST];
  int files = 0;
  if (count > MOST || !lengths) abort();
  while (files < MOST && (olds[files] = contents("MUTATE_OLD", files, &old_lengths[files]))) {
    news[files] = contents("MUTATE_NEW", files, &new_lengths[files]);
    if (!news[files]) abort();
    ++files;
  }
  for (uint32_t i = 0; i < count; ++i) {
    (all_texts[i] = texts[i], all_lengths[i] = lengths[i]);
    for (int k = 0; k < files; ++k) {
      if (lengths[i] == old_lengths[k] && !memcmp(texts[i], olds[k], lengths[i]))
        (all_texts[i] = news[k], all_lengths[i] = new_lengths[k]);
    }
  }
  void *program = real_create_program(context, count, all_texts, all_lengths, error);
  for (int k = 0; k < files; ++k) (free(olds[k]), free(news[k]));
  return program;
}

static int32_t changed_info(void *device, uint32_t what, size_t size, void *value, size_t *needed) {
  int32_t error = real_device_info(device, what, size, value, needed);
  // CL_DEVICE_TYPE: CL_DEVICE_TYPE_GPU
  if (!error && what == 0x1000 && size >= 8 && value && getenv("MUTATE_GPU")) *(uint64_t *)value = 4;
  return error;
}

__attribute__((constructor)) static void place_number(void) {
  const char *number = getenv("MUTATE_NUMBER");
  int *place = mmap((void *)0x200000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (place == MAP_FAILED) abort();
  *place = number ? atoi(number) : 0;
}

// The program asks its OpenCL library for each function by name.
void *dlsym(void *library, const char *name) {
  static lookup real;
  const char *versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
  for (int i = 0; i < 3 && !real; ++i) real = (lookup)dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  if (!real) abort();
  if (!strcmp(name, "clCreateProgramWithSource")) {
    real_create_program = (create_program)real(library, name);
    return real_create_program ? (void *)changed_program : NULL;
  }
  if (!strcmp(name, "clGetDeviceInfo")) {
    real_device_info = (device_info)real(library, name);
    return real_device_info ? (void *)changed_info : NULL;
  }
  return real(library, name);
}
