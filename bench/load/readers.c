/*
 * The event streams. Lines are found with memchr, and only `data:` lines are looked into: for
 * "seq=<n> at=<µs>" at the place where the line before had it. That is 0.1 to 0.2 µs an event; the
 * rest of a core is the kernel's copying.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, CONNECTING_AT_ONCE = 128 };

struct tally tally;
struct reader *readers;
int reader_count, ready_count;
void (*on_arrival)(struct reader *reader, uint32_t sequence);

static char buffer[BUFFER + 64 * 1024];
void (*on_cut)(struct reader *reader);
static struct reader **waiting; /* a ring of those that are to be opened, first come first */
static int waiting_from, waiting_to, connecting;

void make_readers(void) {
  reader_count = options.merged ? options.readers : options.nodes * options.readers;
  readers = calloc((size_t)reader_count + 1, sizeof *readers);
  waiting = calloc((size_t)reader_count + 1, sizeof *waiting);
  for (int i = 0; i < reader_count; i += 1) {
    readers[i].kind = READER;
    readers[i].node = i % options.nodes;
    readers[i].seen = calloc(options.merged ? (size_t)options.nodes : 1, sizeof(struct seen));
  }
}

void open_later(struct reader *reader) {
  waiting[waiting_to] = reader;
  waiting_to = (waiting_to + 1) % (reader_count + 1);
}

int port_of(int number) { return options.other && number % 2 ? options.other : options.port; }

/* Opens what waits, a bounded number at once: a listener's queue is not what is measured. */
void open_more(void) {
  while (connecting < CONNECTING_AT_ONCE && waiting_from != waiting_to) {
    struct reader *reader = waiting[waiting_from];
    waiting_from = (waiting_from + 1) % (reader_count + 1);
    reader->fd = dial(port_of((int)(reader - readers)));
    reader->state = CONNECTING;
    reader->carried = 0;
    reader->pending = 0;
    reader->id[0] = '\0';
    reader->since = now_us();
    connecting += 1;
    watch(reader->fd, reader, EPOLLOUT);
  }
}

/* Ends the connection as a broken network would. */
void cut(struct reader *reader) {
  if (reader->state == CLOSED) return;
  if (reader->state == CONNECTING || reader->state == HEAD) connecting -= 1;
  else ready_count -= 1;
  close(reader->fd);
  reader->state = CLOSED;
  if (on_cut) on_cut(reader);
}

static void ask(struct reader *reader) {
  char path[512], request[2048];
  snprintf(path, sizeof path, options.path, reader->node);
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s",
                        path, options.port, options.headers);
  if (reader->last_id[0]) {
    length += snprintf(request + length, sizeof request - (size_t)length, "Last-Event-ID: %s\r\n",
                       reader->last_id);
  }
  length += snprintf(request + length, sizeof request - (size_t)length, "\r\n");
  if (send(reader->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
    tally.refused += 1;
    cut(reader);
    return;
  }
  reader->state = HEAD;
  rewatch(reader->fd, reader, EPOLLIN);
}

/* An event is complete. Each number counts once, whatever was sent again or in another order. */
static void accept_event(struct reader *reader, int64_t now) {
  uint32_t sequence = reader->sequence;
  reader->pending = 0;
  if (reader->id[0]) memcpy(reader->last_id, reader->id, sizeof reader->id);
  struct seen *seen = &reader->seen[options.merged ? reader->node : 0];
  if (sequence != seen->next) tally.skipped += 1;
  if (sequence >= seen->next) {
    uint32_t shift = sequence - seen->next + 1;
    seen->bits = shift >= 64 ? 1 : seen->bits << shift | 1;
    seen->next = sequence + 1;
  } else {
    uint32_t back = seen->next - 1 - sequence;
    if (back >= 64 || seen->bits >> back & 1) {
      tally.duplicated += 1;
      return;
    }
    seen->bits |= 1ULL << back;
  }
  reader->received += 1;
  reader->order = (reader->order ^ sequence) * 0x9e3779b97f4a7c15ULL;
  tally.received += 1;
  if (reader->at >= tally.from && reader->at < tally.until) record(&tally.latency, now - reader->at);
  if (on_arrival) on_arrival(reader, sequence);
}

static int64_t number(const char **text, const char *end) {
  int64_t value = 0;
  while (*text < end && **text >= '0' && **text <= '9') value = value * 10 + *(*text)++ - '0';
  return value;
}

static void data_line(struct reader *reader, const char *line, const char *end) {
  static ptrdiff_t usual;
  const char *found = line + usual;
  if (end - found < 5 || memcmp(found, "seq=", 4) != 0) {
    found = memmem(line, (size_t)(end - line), "seq=", 4);
    if (!found) return;
    usual = found - line;
  }
  if (options.merged) {
    static const char node[] = "{\"node_id\":\"n";
    const char *name = memmem(line, (size_t)(end - line), node, sizeof node - 1);
    if (!name) return;
    name += sizeof node - 1;
    int64_t at = number(&name, end);
    if (at >= options.nodes) return;
    reader->node = (int)at;
  }
  found += 4;
  reader->sequence = (uint32_t)number(&found, end);
  found += 4; /* " at=" */
  reader->at = number(&found, end);
  reader->pending = 1;
}

static void head_line(struct reader *reader, const char *line, size_t length) {
  if (length >= 12 && memcmp(line, "HTTP/1.", 7) == 0 && memcmp(line + 9, "200", 3) != 0) {
    tally.refused += 1;
    if (tally.refused == 1) fprintf(stderr, "load: %.*s\n", (int)length, line);
    cut(reader);
  } else if (length == 0) {
    connecting -= 1;
    ready_count += 1;
    reader->state = OPEN;
  }
}

static void stream_line(struct reader *reader, const char *line, const char *end, int64_t now) {
  size_t length = (size_t)(end - line);
  if (length == 0) {
    if (reader->pending) accept_event(reader, now);
  } else if (length > 5 && memcmp(line, "data:", 5) == 0) {
    data_line(reader, line, end);
  } else if (on_cut && length > 6 && memcmp(line, "event:", 6) == 0) {
    line += line[6] == ' ' ? 7 : 6;
    length = (size_t)(end - line);
    if ((length == 4 && memcmp(line, "done", 4) == 0) || (length == 3 && memcmp(line, "end", 3) == 0) ||
        (length == 3 && memcmp(line, "gap", 3) == 0)) {
      tally.told += 1;
    }
  } else if ((options.storm > 0 || on_cut) && length > 3 && memcmp(line, "id:", 3) == 0) {
    line += line[3] == ' ' ? 4 : 3;
    length = (size_t)(end - line);
    if (length >= sizeof reader->id) return;
    memcpy(reader->id, line, length);
    reader->id[length] = '\0';
  }
}

static void keep_rest(struct reader *reader, const char *rest, size_t length) {
  if (length > reader->capacity) {
    reader->capacity = (uint32_t)length;
    reader->carry = realloc(reader->carry, length);
  }
  memcpy(reader->carry, rest, length);
  reader->carried = (uint32_t)length;
}

static void read_lines(struct reader *reader) {
  if (reader->carried > 0) memcpy(buffer, reader->carry, reader->carried);
  ssize_t got = recv(reader->fd, buffer + reader->carried, BUFFER, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    tally.cut += 1;
    cut(reader);
    return;
  }
  int64_t now = now_us();
  const char *line = buffer, *end = buffer + reader->carried + got, *newline;
  reader->carried = 0;
  while (line < end && (newline = memchr(line, '\n', (size_t)(end - line)))) {
    const char *last = newline > line && newline[-1] == '\r' ? newline - 1 : newline;
    if (reader->state == HEAD) head_line(reader, line, (size_t)(last - line));
    else if (reader->state == OPEN) stream_line(reader, line, last, now);
    else return;
    line = newline + 1;
  }
  if (line < end && end - line <= 64 * 1024) keep_rest(reader, line, (size_t)(end - line));
}

void reader_event(struct reader *reader, uint32_t events) {
  if (reader->state == CLOSED) return;
  if (reader->state == CONNECTING) {
    if (events & (EPOLLERR | EPOLLHUP)) {
      tally.refused += 1;
      cut(reader);
    } else ask(reader);
  } else read_lines(reader);
  open_more();
}
