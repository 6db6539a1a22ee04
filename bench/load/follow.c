/*
 * Readers that come again whenever they are cut, with the last id they saw, and a sender for each
 * node that sends the next entry when the one before is taken, however often it must be sent. So a
 * node's list is 0, 1, 2 …, and each reader must get just that, whatever befalls the servers.
 *
 * It is told "mark" (now something happens to all readers) and "stop" on its standard input, and says
 * each second how many readers are live, when all of them are back after a mark, and all else at the end.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, TICK_MS = 5, REQUEST = 1024, ANSWER_US = 5000000, PAUSE_US = 100000, RAMP_US = 300000 };

struct writer {
  enum kind kind;
  int node, fd;
  enum { AWAY, DIALLING, IDLE, BUSY } state;
  uint32_t sequence;
  int64_t due, begun, asked; /* of the entry: its instant, its first request, this request */
  int64_t rest;              /* nothing is sent before */
  char out[REQUEST];
  size_t length, written;
  struct answer answer;
};

static struct writer *writers;
static struct histogram appends;
static uint64_t refused, broken, unanswered, came, came_since;
static int64_t begun, marked, stopping;
static int is_stopped, has_dropped;
static const enum kind commands = COMMANDS;

static void dial_again(struct writer *writer) {
  writer->fd = dial(options.sendto ? options.sendto : port_of(writer->node));
  writer->state = DIALLING;
  watch(writer->fd, writer, EPOLLOUT);
}

static void let_go(struct writer *writer) {
  if (writer->state == AWAY) return;
  close(writer->fd);
  writer->state = AWAY;
}

static void go_on(struct writer *writer) {
  ssize_t done = send(writer->fd, writer->out + writer->written, writer->length - writer->written,
                      MSG_NOSIGNAL);
  if (done > 0) writer->written += (size_t)done;
  rewatch(writer->fd, writer, writer->written < writer->length ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void compose(struct writer *writer) {
  char path[256], entry[ENTRY];
  write_entry(entry, writer->sequence, writer->due);
  snprintf(path, sizeof path, options.send, writer->node);
  /* The key makes it the same entry, however often it is sent, so it is composed once. */
  int head = snprintf(writer->out, REQUEST - ENTRY,
                      "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Type: application/json\r\n"
                      "Idempotency-Key: n%d-%u\r\nContent-Length: %d\r\n\r\n",
                      path, options.headers, writer->node, writer->sequence, ENTRY);
  memcpy(writer->out + head, entry, ENTRY);
  writer->length = (size_t)head + ENTRY;
}

static void ask(struct writer *writer, int64_t now) {
  writer->written = 0;
  writer->asked = now;
  writer->state = BUSY;
  expect_answer(&writer->answer);
  go_on(writer);
}

static int64_t pause_us(void) { return (int64_t)(options.nodes * 1e6 / options.rate); }

static void taken(struct writer *writer, int64_t now) {
  if (writer->due >= tally.from && writer->due < tally.until) record(&appends, now - writer->begun);
  acknowledged += 1;
  writer->sequence += 1;
  writer->due += pause_us();
  writer->begun = 0;
}

static void fail(struct writer *writer, int64_t now, uint64_t *count) {
  *count += 1;
  writer->rest = now + PAUSE_US;
  let_go(writer);
}

static void answered(struct writer *writer, int64_t now) {
  int status = writer->answer.status;
  int closes = strcasestr(writer->answer.head, "\r\nconnection: close") != NULL;
  if (status >= 200 && status < 300) {
    taken(writer, now);
    writer->state = IDLE;
    if (closes) let_go(writer);
    return;
  }
  if (refused == 0) fprintf(stderr, "load: an entry was answered with %d\n", status);
  fail(writer, now, &refused);
}

static void writer_event(struct writer *writer, uint32_t events, int64_t now) {
  char bytes[8192];
  if (writer->state == AWAY) return;
  if (writer->state == DIALLING) {
    if (events & (EPOLLERR | EPOLLHUP)) return fail(writer, now, &broken);
    writer->state = IDLE;
    rewatch(writer->fd, writer, EPOLLIN);
    return;
  }
  if (events & EPOLLOUT && writer->state == BUSY) go_on(writer);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t got = recv(writer->fd, bytes, sizeof bytes, 0);
  if (got <= 0) {
    /* One that waits for nothing may be closed. */
    if (writer->state == BUSY) fail(writer, now, &broken);
    else let_go(writer);
    return;
  }
  if (writer->state != BUSY) return;
  int complete = take_answer(&writer->answer, bytes, (size_t)got, 0);
  if (complete < 0) fail(writer, now, &broken);
  else if (complete > 0) answered(writer, now);
}

static void write_due(int64_t now) {
  for (int i = 0; i < options.nodes; i += 1) {
    struct writer *writer = &writers[i];
    if (writer->state == BUSY && now - writer->asked > ANSWER_US) fail(writer, now, &unanswered);
    if (writer->state == BUSY || writer->state == DIALLING || now < writer->rest) continue;
    if (writer->begun == 0) {
      if (stopping || now < writer->due) continue;
      writer->begun = now;
      compose(writer);
      sent[i] += 1;
      sent_total += 1;
    }
    if (writer->state == AWAY) dial_again(writer);
    else ask(writer, now);
  }
}

static void comes_again(struct reader *reader) {
  int64_t rest = options.again > 0 ? rand() % options.again * 1000 : 0;
  reader->since = now_us() + rest;
  reader->state = CLOSED;
}

static void open_due(int64_t now) {
  for (int i = 0; i < reader_count; i += 1) {
    if (readers[i].state != CLOSED || readers[i].since > now) continue;
    readers[i].since = INT64_MAX; /* it waits */
    came += 1;
    if (marked) came_since += 1;
    open_later(&readers[i]);
  }
  open_more();
}

static uint64_t missing(void) {
  uint64_t sum = 0;
  for (int i = 0; i < reader_count; i += 1) sum += sent[readers[i].node] - readers[i].received;
  return sum;
}

static void look_back(int64_t now) {
  if (!marked) return;
  if (ready_count < reader_count) has_dropped = 1;
  if (!has_dropped || ready_count < reader_count || came_since < (uint64_t)reader_count) return;
  printf("{\"phase\":\"live\",\"ms\":%.1f}\n", (double)(now - marked) / 1e3);
  fflush(stdout);
  tally.until = now;
  marked = 0;
}

static void obey(int64_t now) {
  char text[256];
  ssize_t got = read(STDIN_FILENO, text, sizeof text - 1);
  text[got > 0 ? got : 0] = '\0';
  if (strstr(text, "mark")) {
    tally.from = marked = now;
    tally.until = INT64_MAX;
    memset(&tally.latency, 0, sizeof tally.latency);
    memset(&appends, 0, sizeof appends);
    has_dropped = 0;
    came_since = 0;
  }
  if (got <= 0 || strstr(text, "stop")) {
    if (!stopping) stopping = now;
    epoll_ctl(poller, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
  }
}

static void tell_second(int64_t now) {
  static int64_t next;
  static uint64_t before;
  if (now < next) return;
  next = now + 1000000;
  printf("{\"phase\":\"second\",\"at\":%.1f,\"live\":%d,\"came\":%llu}\n", (double)(now - begun) / 1e6,
         ready_count, (unsigned long long)(came - before));
  fflush(stdout);
  before = came;
}

static void report(int64_t now) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"phase\":\"done\",\"sent\":%llu,\"acknowledged\":%llu,\"received\":%llu,\"lost\":%llu,",
         (unsigned long long)sent_total, (unsigned long long)acknowledged,
         (unsigned long long)tally.received, (unsigned long long)missing());
  printf("\"duplicated\":%llu,\"skipped\":%llu,\"told\":%llu,\"again\":%llu,\"not_streams\":%llu,",
         (unsigned long long)tally.duplicated, (unsigned long long)tally.skipped,
         (unsigned long long)tally.told, (unsigned long long)(came - (uint64_t)reader_count),
         (unsigned long long)tally.refused);
  printf("\"refused\":%llu,\"broken\":%llu,\"unanswered\":%llu,", (unsigned long long)refused,
         (unsigned long long)broken, (unsigned long long)unanswered);
  printf("\"p50\":%.2f,\"p99\":%.2f,\"append_p50\":%.2f,\"append_p99\":%.2f,\"append_max\":%.2f,",
         quantile_ms(&tally.latency, 0.5), quantile_ms(&tally.latency, 0.99),
         quantile_ms(&appends, 0.5), quantile_ms(&appends, 0.99), (double)appends.max / 1e3);
  printf("\"drain_ms\":%.1f,\"cpu_seconds\":%.2f}\n", (double)(now - stopping) / 1e3,
         (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void dispatch(struct epoll_event *event, int64_t now) {
  switch (*(enum kind *)event->data.ptr) {
    case READER: reader_event(event->data.ptr, event->events); break;
    case SENDER: writer_event(event->data.ptr, event->events, now); break;
    default: obey(now);
  }
}

/* All readers first, so that each gets all there is from the first entry on. */
static int is_open(void) {
  static int64_t since;
  if (ready_count < reader_count) return since != 0;
  if (since == 0) {
    since = now_us();
    printf("{\"phase\":\"open\"}\n");
    fflush(stdout);
    for (int i = 0; i < options.nodes; i += 1) {
      writers[i].due = since + RAMP_US + pause_us() * i / options.nodes;
    }
  }
  return 1;
}

int run_follow(void) {
  struct epoll_event events[EVENTS];
  make_room_for(options.nodes * (options.readers + 1) + 16);
  make_readers();
  on_cut = comes_again;
  begun = now_us();
  srand(1);
  sent = calloc((size_t)options.nodes, sizeof *sent);
  writers = calloc((size_t)options.nodes, sizeof *writers);
  for (int i = 0; i < options.nodes; i += 1) writers[i].kind = SENDER, writers[i].node = i;
  watch(STDIN_FILENO, (void *)&commands, EPOLLIN);
  tally.until = INT64_MAX;
  while (!is_stopped) {
    int64_t now = now_us();
    open_due(now);
    if (is_open()) write_due(now);
    look_back(now);
    tell_second(now);
    if (stopping) {
      int quiet = acknowledged == sent_total && missing() == 0;
      if (quiet || now - stopping > (int64_t)(options.drain * 1e6)) is_stopped = 1;
    }
    int count = epoll_wait(poller, events, EVENTS, TICK_MS);
    now = now_us();
    for (int i = 0; i < count; i += 1) dispatch(&events[i], now);
  }
  report(now_us());
  return 0;
}
