// One OpenCL source in place of another, for a program that looks OpenCL up by name.
//
//   cc -O1 -shared -fPIC -o libreplace.so replace.c -ldl
//   LD_PRELOAD=./libreplace.so REPLACE_OLD=FILE REPLACE_NEW=FILE program ...
//
// Where clCreateProgramWithSource gets a text that is all of REPLACE_OLD, it is given REPLACE_NEW.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *(*create)(void *, uint32_t, const char **, const size_t *, int32_t *);
static create real_create;

static char *contents(const char *variable, size_t *size) {
  const char *path = getenv(variable);
  FILE *file = path ? fopen(path, "rb") : NULL;
  char *text = malloc(1 << 20);
  if (!file || !text) abort();
  *size = fread(text, 1, 1 << 20, file);
  fclose(file);
  return text;
}

static void *create_program(
    void *context, uint32_t count, const char **texts, const size_t *sizes, int32_t *status) {
  size_t old_size, new_size;
  char *old = contents("REPLACE_OLD", &old_size), *new = contents("REPLACE_NEW", &new_size);
  const char *changed[count];
  size_t changed_sizes[count];
  for (uint32_t i = 0; i < count; ++i) {
    int is_old = sizes[i] == old_size && !memcmp(texts[i], old, old_size);
    changed[i] = is_old ? new : texts[i];
    changed_sizes[i] = is_old ? new_size : sizes[i];
  }
  void *program = real_create(context, count, changed, changed_sizes, status);
  free(old);
  free(new);
  return program;
}

void *dlsym(void *library, const char *name) {
  static void *(*real)(void *, const char *);
  // glibc 2.34 moved it; the old version of the name is there in both.
  if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
  if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  void *found = real(library, name);
  if (!found || strcmp(name, "clCreateProgramWithSource")) return found;
  real_create = (create)found;
  return (void *)create_program;
}
