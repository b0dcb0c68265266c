#pragma once

#include <stddef.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

struct Text {
  const char *file;
  const unsigned char *bytes;
};

/// The text of the file in a table that ends with a null.
static inline const char *find(const struct Text *texts, const char *file) {
  while (texts->file && strcmp(texts->file, file)) texts++;
  return (const char *)texts->bytes;
}
