/*
 * Plain requests over connections that are kept: one under way on each, as many as are answered;
 * or so many a second, timed from the intended instant.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { EVENTS = 64 };

struct caller {
  int fd, busy;
  char *request;
  size_t length, written;
  int64_t since;
  struct answer answer;
};

static struct histogram times;
static uint64_t answered, failed;

static char *contents(const char *file, size_t *length) {
  FILE *stream = fopen(file, "rb");
  if (!stream) {
    perror(file);
    exit(1);
  }
  fseek(stream, 0, SEEK_END);
  *length = (size_t)ftell(stream);
  rewind(stream);
  char *bytes = malloc(*length + 1);
  if (fread(bytes, 1, *length, stream) != *length) exit(1);
  fclose(stream);
  return bytes;
}

/* Callers are spread over the nodes. */
static void make_request(struct caller *caller, int node) {
  size_t body_length = 0;
  char path[512];
  char *body = options.body ? contents(options.body, &body_length) : NULL;
  snprintf(path, sizeof path, options.path, node);
  char *request = caller->request = malloc(body_length + 4096);
  int head = snprintf(request, 4096, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s",
                      body ? "POST" : "GET", path, options.headers);
  if (body) head += snprintf(request + head, 64, "Content-Length: %zu\r\n", body_length);
  head += snprintf(request + head, 8, "\r\n");
  if (body) memcpy(request + head, body, body_length);
  caller->length = (size_t)head + body_length;
  free(body);
}

static void go_on(struct caller *caller) {
  ssize_t done = send(caller->fd, caller->request + caller->written,
                      caller->length - caller->written, MSG_NOSIGNAL);
  if (done > 0) caller->written += (size_t)done;
  rewatch(caller->fd, caller,
          caller->written < caller->length ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void call(struct caller *caller, int64_t intended) {
  caller->busy = 1;
  caller->written = 0;
  caller->since = intended;
  expect_answer(&caller->answer);
  go_on(caller);
}

static void hear(struct caller *caller, uint32_t events, int64_t from) {
  static char bytes[128 * 1024];
  if (events & EPOLLOUT && caller->written < caller->length) go_on(caller);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || !caller->busy) return;
  ssize_t got = recv(caller->fd, bytes, sizeof bytes, 0);
  int complete = got <= 0 ? -1 : take_answer(&caller->answer, bytes, (size_t)got, 0);
  if (complete == 0) return;
  if (complete < 0) {
    fprintf(stderr, "load: a connection was ended, or its answer not understood\n");
    exit(1);
  }
  int status = caller->answer.status;
  int64_t now = now_us();
  caller->busy = 0;
  if (status < 200 || status > 299) {
    if (failed == 0) fprintf(stderr, "load: a request was answered with %d\n", status);
    failed += 1;
  } else if (now >= from) {
    answered += 1;
    record(&times, now - caller->since);
  }
}

int run_requests(void) {
  struct epoll_event events[EVENTS];
  struct caller *callers = calloc((size_t)options.senders, sizeof *callers);
  make_room_for(options.senders);
  for (int i = 0; i < options.senders; i += 1) {
    callers[i].fd = dial(options.port);
    make_request(&callers[i], i % options.nodes);
    watch(callers[i].fd, &callers[i], EPOLLIN);
  }
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  int64_t begun = now_us();
  int64_t from = begun + (int64_t)(options.warmup * 1e6);
  int64_t until = from + (int64_t)(options.seconds * 1e6);
  uint64_t issued = 0;
  int announced = 0;
  for (int64_t now = begun; now < until; now = now_us()) {
    if (!announced && now >= from) {
      announced = printf("{\"phase\":\"measuring\"}\n");
      fflush(stdout);
    }
    for (int i = 0; i < options.senders; i += 1) {
      if (callers[i].busy) continue;
      int64_t due = now;
      if (options.rate > 0) due = begun + (int64_t)((double)issued * 1e6 / options.rate);
      if (due > now) break;
      call(&callers[i], due);
      issued += 1;
    }
    int count = epoll_wait(poller, events, EVENTS, 1);
    for (int i = 0; i < count; i += 1) hear(events[i].data.ptr, events[i].events, from);
  }
  printf("{\"phase\":\"measured\"}\n");
  double seconds = (double)(now_us() - from) / 1e6;
  printf("{\"phase\":\"done\",\"requests\":%llu,\"failed\":%llu,\"per_second\":%.1f,\"p50\":%.3f,"
         "\"p99\":%.3f,\"max\":%.3f}\n",
         (unsigned long long)answered, (unsigned long long)failed, (double)answered / seconds,
         quantile_ms(&times, 0.5), quantile_ms(&times, 0.99), (double)times.max / 1e3);
  return 0;
}
