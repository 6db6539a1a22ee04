/*
 * Entries on their way in: each connection has one of them under way, so that what is sent at once
 * is what several senders send at once. An entry is 250 bytes and tells its number and the instant
 * at which it was to be sent.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { REQUEST = 1024 };

uint32_t *sent;
uint64_t sent_total, acknowledged, send_failures;

static struct sender *senders;
static struct sender **idle;
static int idle_first, idle_count;

/* The one that has waited longest is next: a server ends a connection that never sends anything. */
static void set_idle(struct sender *sender) {
  idle[(idle_first + idle_count++) % options.senders] = sender;
}

struct sender *idle_sender(void) {
  if (idle_count == 0) return NULL;
  struct sender *sender = idle[idle_first];
  idle_first = (idle_first + 1) % options.senders;
  idle_count -= 1;
  return sender;
}

void make_senders(void) {
  sent = calloc((size_t)options.nodes, sizeof *sent);
  senders = calloc((size_t)options.senders + 1, sizeof *senders);
  idle = calloc((size_t)options.senders + 1, sizeof *idle);
  for (int i = 0; i < options.senders; i += 1) {
    struct sender *sender = &senders[i];
    sender->kind = SENDER;
    sender->fd = dial(options.redis ? options.redis : options.port);
    sender->out = malloc(REQUEST);
    watch(sender->fd, sender, EPOLLIN);
    set_idle(sender);
  }
}

void write_entry(char *entry, uint32_t sequence, int64_t intended) {
  static const char words[] =
      " Loading safetensors checkpoint shards: some more words that make this a line of the usual "
      "length in such a log, and more";
  static const char tail[] = "\",\"phase\":\"model_loading\"}";
  struct timespec time;
  struct tm parts;
  char date[32];
  clock_gettime(CLOCK_REALTIME, &time);
  gmtime_r(&time.tv_sec, &parts);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  int head = snprintf(entry, ENTRY, "{\"timestamp\":\"%s.%03ldZ\",\"level\":\"info\",\"message\":"
                      "\"seq=%u at=%lld", date, time.tv_nsec / 1000000, sequence,
                      (long long)intended);
  int middle = ENTRY - head - (int)sizeof tail + 1;
  memset(entry + head, '.', (size_t)middle);
  memcpy(entry + head, words, middle < (int)sizeof words ? (size_t)middle : sizeof words - 1);
  memcpy(entry + head + middle, tail, sizeof tail - 1);
}

static void go_on(struct sender *sender) {
  ssize_t done = send(sender->fd, sender->out + sender->written, sender->length - sender->written,
                      MSG_NOSIGNAL);
  if (done > 0) sender->written += (size_t)done;
  if (sender->written < sender->length) rewatch(sender->fd, sender, EPOLLIN | EPOLLOUT);
}

/* Sends the next entry of the next node, as one that was to be sent at that instant. */
void send_entry(struct sender *sender, int64_t intended) {
  char path[256], entry[ENTRY];
  int node = (int)(sent_total % (uint64_t)options.nodes);
  write_entry(entry, (uint32_t)options.first + sent[node], intended);
  snprintf(path, sizeof path, options.send, node);
  size_t room = REQUEST - ENTRY - 2;
  int head = options.redis
                 ? snprintf(sender->out, room, "*3\r\n$5\r\nRPUSH\r\n$%zu\r\n%s\r\n$%d\r\n",
                            strlen(path), path, ENTRY)
                 : snprintf(sender->out, room,
                            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Type: "
                            "application/json\r\nContent-Length: %d\r\n\r\n",
                            path, options.headers, ENTRY);
  memcpy(sender->out + head, entry, ENTRY);
  sender->length = (size_t)head + ENTRY;
  if (options.redis) {
    memcpy(sender->out + sender->length, "\r\n", 2);
    sender->length += 2;
  }
  sender->written = 0;
  sender->busy = 1;
  expect_answer(&sender->answer);
  sent[node] += 1;
  sent_total += 1;
  go_on(sender);
}

void sender_event(struct sender *sender, uint32_t events) {
  char bytes[8192];
  if (events & EPOLLOUT && sender->written < sender->length) {
    rewatch(sender->fd, sender, EPOLLIN);
    go_on(sender);
  }
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t got = recv(sender->fd, bytes, sizeof bytes, 0);
  if (got <= 0) {
    fprintf(stderr, "load: a sender's connection was ended\n");
    exit(1);
  }
  int complete = take_answer(&sender->answer, bytes, (size_t)got, options.redis);
  if (complete == 0) return;
  int status = sender->answer.status;
  if (complete < 0 || status < 200 || status > 299) {
    if (send_failures == 0) fprintf(stderr, "load: an entry was answered with %d\n", status);
    send_failures += 1;
  }
  acknowledged += 1;
  sender->busy = 0;
  set_idle(sender);
}
