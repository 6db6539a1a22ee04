/* One reply of HTTP or Redis, as far as a load client must understand it: where it ends. */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void expect_answer(struct answer *answer) {
  answer->length = 0;
  answer->missing = -1;
  answer->status = 0;
}

static void read_head(struct answer *answer, char *end) {
  *end = '\0';
  answer->status = answer->length > 12 ? atoi(answer->head + 9) : 0;
  char *length = strcasestr(answer->head, "\r\ncontent-length:");
  if (length) answer->missing = atoll(length + 17);
  else if (strcasestr(answer->head, "\r\ntransfer-encoding: chunked")) answer->missing = -2;
  else answer->missing = 0;
}

/* 1 when the answer is complete, 0 while it is not, -1 when it cannot be understood. */
int take_answer(struct answer *answer, const char *bytes, size_t length, int redis) {
  if (redis) {
    /* An integer is one short line; anything else is an error. */
    answer->status = bytes[0] == ':' || answer->status == 200 ? 200 : 500;
    return bytes[length - 1] == '\n';
  }
  if (answer->missing >= 0) {
    answer->missing -= (int64_t)length;
    return answer->missing <= 0;
  }
  if (answer->missing == -2) {
    return length >= 5 && memcmp(bytes + length - 5, "0\r\n\r\n", 5) == 0;
  }
  size_t room = sizeof answer->head - 1 - answer->length;
  size_t taken = length < room ? length : room;
  memcpy(answer->head + answer->length, bytes, taken);
  answer->length += taken;
  answer->head[answer->length] = '\0';
  char *end = strstr(answer->head, "\r\n\r\n");
  if (!end) return taken < length ? -1 : 0;
  size_t body = length - (size_t)(end + 4 - answer->head - (ptrdiff_t)(answer->length - taken));
  read_head(answer, end);
  if (answer->missing == 0) return 1;
  return body > 0 ? take_answer(answer, bytes + length - body, body, 0) : 0;
}
