#ifndef FACSIMILE_TRANSFER_H
#define FACSIMILE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

// One GET request over HTTP or HTTPS, redirects followed.
struct facsimile_transfer {
  const char *url;
  // Which bytes, such as "100-"; NULL for all.
  const char *range;
  const char *agent;
  // Seconds to connect within, and to wait for a server that sends less than 1,000 bytes a second.
  long patience;
  // Called with every line of every header, and every part of the body; false ends the transfer.
  bool (*header)(void *context, const char *bytes, size_t count);
  bool (*body)(void *context, const char *bytes, size_t count);
  void *context;
};

// Performs the transfer by the system's libcurl, which is opened at the first call.
//
// C, since Swift cannot call functions with a variable number of arguments, which libcurl's are.
//
// Returns libcurl's code, 0 for success, or -1 if there is no libcurl; `status` becomes HTTP's, 0 without an answer, and
// `message` (at least 256 bytes) the reason of libcurl or the system, or empty.
int facsimile_perform_transfer(const struct facsimile_transfer *transfer, long *status, char *message);

#endif
