#include "transfer.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// The parts of libcurl's interface that are used; the numbers belong to its ABI, so that no header is needed to build.
typedef void *(*init_function)(void);
typedef int (*variadic_function)(void *, int, ...);
typedef int (*perform_function)(void *);
typedef void (*cleanup_function)(void *);
typedef const char *(*text_function)(int);
typedef int (*global_function)(long);

enum {
  FAILED_INIT = 2,
  GLOBAL_DEFAULT = 3,
  HTTP_AND_HTTPS = 1 | 2,
  INFO_RESPONSE_CODE = 0x200000 + 2,
  OPTION_LOW_SPEED_LIMIT = 19,
  OPTION_LOW_SPEED_TIME = 20,
  OPTION_FAIL_ON_ERROR = 45,
  OPTION_FOLLOW_LOCATION = 52,
  OPTION_MOST_REDIRECTS = 68,
  OPTION_CONNECT_TIMEOUT = 78,
  OPTION_NO_SIGNAL = 99,
  OPTION_PROTOCOLS = 181,
  OPTION_REDIRECT_PROTOCOLS = 182,
  OPTION_WRITE_DATA = 10001,
  OPTION_URL = 10002,
  OPTION_RANGE = 10007,
  OPTION_ERROR_BUFFER = 10010,
  OPTION_USER_AGENT = 10018,
  OPTION_HEADER_DATA = 10029,
  OPTION_WRITE_FUNCTION = 20011,
  OPTION_HEADER_FUNCTION = 20079,
};

static struct {
  init_function init;
  variadic_function set, info;
  perform_function perform;
  cleanup_function cleanup;
  text_function text;
} curl;
static bool is_open;
// Why the library could not be opened.
static char reason[256];

static void open_library(void) {
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};
  void *library = NULL;
  for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
    library = dlopen(names[i], RTLD_NOW);
    const char *text = library == NULL ? dlerror() : NULL;
    if (text && reason[0] == '\0') strncpy(reason, text, sizeof reason - 1);
  }
  if (library == NULL) return;
  global_function global = (global_function)dlsym(library, "curl_global_init");
  curl.init = (init_function)dlsym(library, "curl_easy_init");
  curl.set = (variadic_function)dlsym(library, "curl_easy_setopt");
  curl.info = (variadic_function)dlsym(library, "curl_easy_getinfo");
  curl.perform = (perform_function)dlsym(library, "curl_easy_perform");
  curl.cleanup = (cleanup_function)dlsym(library, "curl_easy_cleanup");
  curl.text = (text_function)dlsym(library, "curl_easy_strerror");
  is_open = global && curl.init && curl.set && curl.info && curl.perform && curl.cleanup && curl.text
    && global(GLOBAL_DEFAULT) == 0;
}

static size_t pass_header(const char *bytes, size_t size, size_t count, void *data) {
  const struct facsimile_transfer *transfer = data;
  return transfer->header(transfer->context, bytes, size * count) ? size * count : 0;
}

static size_t pass_body(const char *bytes, size_t size, size_t count, void *data) {
  const struct facsimile_transfer *transfer = data;
  return transfer->body(transfer->context, bytes, size * count) ? size * count : 0;
}

int facsimile_perform_transfer(const struct facsimile_transfer *transfer, long *status, char *message) {
  // Older versions do not begin safely in two threads at once.
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  *status = 0;
  message[0] = '\0';
  if (!is_open) {
    memcpy(message, reason, sizeof reason);
    return -1;
  }
  void *handle = curl.init();
  if (handle == NULL) return FAILED_INIT;
  int code = curl.set(handle, OPTION_URL, transfer->url);
  if (code == 0 && transfer->range) code = curl.set(handle, OPTION_RANGE, transfer->range);
  if (code == 0) code = curl.set(handle, OPTION_USER_AGENT, transfer->agent);
  if (code == 0) code = curl.set(handle, OPTION_ERROR_BUFFER, message);
  if (code == 0) code = curl.set(handle, OPTION_NO_SIGNAL, 1L);
  if (code == 0) code = curl.set(handle, OPTION_FAIL_ON_ERROR, 1L);
  if (code == 0) code = curl.set(handle, OPTION_FOLLOW_LOCATION, 1L);
  if (code == 0) code = curl.set(handle, OPTION_MOST_REDIRECTS, 8L);
  if (code == 0) code = curl.set(handle, OPTION_PROTOCOLS, (long)HTTP_AND_HTTPS);
  if (code == 0) code = curl.set(handle, OPTION_REDIRECT_PROTOCOLS, (long)HTTP_AND_HTTPS);
  if (code == 0) code = curl.set(handle, OPTION_CONNECT_TIMEOUT, transfer->patience);
  if (code == 0) code = curl.set(handle, OPTION_LOW_SPEED_LIMIT, 1000L);
  if (code == 0) code = curl.set(handle, OPTION_LOW_SPEED_TIME, transfer->patience);
  if (code == 0) code = curl.set(handle, OPTION_HEADER_FUNCTION, pass_header);
  if (code == 0) code = curl.set(handle, OPTION_HEADER_DATA, (void *)transfer);
  if (code == 0) code = curl.set(handle, OPTION_WRITE_FUNCTION, pass_body);
  if (code == 0) code = curl.set(handle, OPTION_WRITE_DATA, (void *)transfer);
  if (code == 0) code = curl.perform(handle);
  curl.info(handle, INFO_RESPONSE_CODE, status);
  if (code != 0 && message[0] == '\0') {
    strncpy(message, curl.text(code), 255);
    message[255] = '\0';
  }
  curl.cleanup(handle);
  return code;
}
