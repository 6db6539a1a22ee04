/*
 * Readers and senders at once. Open loop: entries are sent at given instants, and latencies count
 * from these, however late the sending was. Closed loop: as many as are taken, with a bounded
 * number on their way to the slowest reader.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS = 64, RING = 4096, TICK_MS = 5, SETTLE_US = 300000, CONNECT_LIMIT_US = 60000000 };

static enum { OPENING, SETTLING, WARMING, MEASURING, DRAINING, OVER } phase;
static int64_t begun, opened, sending_since, measured_since, measured_until, ended;
static uint64_t before, during, behind; /* entries received: until, in, missing after the time */
static double own_cpu;
static uint64_t issued; /* entries since `sending_since`, for the open loop's timetable */
static int timer = -1;
static const enum kind timer_kind = TIMER;

/* Closed loop: how many readers have entry n, for those that are on their way. */
static uint32_t holders[RING];
static uint32_t done;
static uint32_t active;

static enum { NO_STORM, WAITING, RAGING, PAST } storm;
static int64_t storm_since;
static double storm_ms;

static double own_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void held(struct reader *reader, uint32_t sequence) {
  if (reader - readers < options.stalled || sequence - done >= RING) return;
  holders[sequence % RING] += 1;
  while (active > 0 && holders[done % RING] >= active) {
    holders[done % RING] = 0;
    done += 1;
  }
}

static int64_t due(uint64_t entry) {
  return sending_since + (int64_t)((double)entry * 1e6 / options.rate);
}

/* Sends what is due, as far as there are connections for it. */
static void send_due(int64_t now) {
  if (phase != WARMING && phase != MEASURING) return;
  struct sender *sender;
  for (;;) {
    if (options.count > 0 && sent_total >= (uint64_t)options.count) return;
    if (options.rate > 0) {
      if (due(issued) > now) break;
    } else {
      uint64_t arrived = reader_count > 0 ? done : acknowledged;
      if (options.window == 0 || sent_total - arrived >= (uint64_t)options.window) return;
    }
    if (!(sender = idle_sender())) return;
    send_entry(sender, options.rate > 0 ? due(issued) : now);
    issued += 1;
  }
  int64_t next = due(issued);
  struct itimerspec at = {.it_value = {next / 1000000, next % 1000000 * 1000 + 1}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Entries that readers have not got yet; nothing is expected of stalled ones until they wake. */
static uint64_t missing(void) {
  uint64_t sum = 0;
  for (int i = 0; i < reader_count; i += 1) {
    if (readers[i].state == STALLED) continue;
    sum += (options.merged ? sent_total : sent[readers[i].node]) - readers[i].received;
  }
  return sum;
}

static void fall_asleep(void) {
  for (int i = 0; i < options.stalled && i < reader_count; i += 1) {
    if (readers[i].state != OPEN) continue;
    readers[i].state = STALLED;
    rewatch(readers[i].fd, &readers[i], 0);
  }
}

static void wake_up(void) {
  for (int i = 0; i < options.stalled && i < reader_count; i += 1) {
    if (readers[i].state != STALLED) continue;
    readers[i].state = OPEN;
    rewatch(readers[i].fd, &readers[i], EPOLLIN);
  }
}

static void rage(int64_t now) {
  for (int i = 0; i < reader_count; i += 1) {
    cut(&readers[i]);
    open_later(&readers[i]);
  }
  storm_since = now;
  storm = RAGING;
  open_more();
}

static void announce(const char *what) {
  printf("{\"phase\":\"%s\"}\n", what);
  fflush(stdout);
}

static void turn(int64_t now) {
  if (phase == OPENING) {
    if (ready_count == reader_count || now - begun > CONNECT_LIMIT_US) {
      opened = now;
      phase = SETTLING;
      /* Not before: a server ends a connection that has sent nothing for some seconds. */
      make_senders();
    }
  } else if (phase == SETTLING && now - opened >= SETTLE_US) {
    sending_since = now;
    phase = WARMING;
    announce("warming");
    fall_asleep();
  } else if (phase == WARMING && now - sending_since >= (int64_t)(options.warmup * 1e6)) {
    measured_since = tally.from = now;
    tally.until = INT64_MAX;
    before = tally.received;
    own_cpu = own_seconds();
    phase = MEASURING;
    announce("measuring");
    if (options.storm > 0) storm = WAITING;
  } else if (phase == MEASURING) {
    double past = (double)(now - measured_since) / 1e6;
    if (storm == WAITING && past >= options.storm) rage(now);
    int all = options.count > 0 && acknowledged >= (uint64_t)options.count;
    if (past < options.seconds && !all) return;
    measured_until = tally.until = now;
    during = tally.received - before;
    behind = missing();
    own_cpu = own_seconds() - own_cpu;
    phase = DRAINING;
    announce("measured");
    wake_up();
  } else if (phase == DRAINING) {
    int quiet = acknowledged == sent_total && missing() == 0 && storm != RAGING;
    if (quiet || now - measured_until > (int64_t)(options.drain * 1e6)) {
      ended = now;
      phase = OVER;
    }
  }
}

static void dispatch(struct epoll_event *event) {
  uint64_t expirations;
  switch (*(enum kind *)event->data.ptr) {
    case READER: reader_event(event->data.ptr, event->events); break;
    case SENDER: sender_event(event->data.ptr, event->events); break;
    default: if (read(timer, &expirations, sizeof expirations) < 0) return;
  }
}

/* Readers of one node that have everything must have it in the same order. */
static int disordered(void) {
  uint64_t *order = calloc((size_t)options.nodes, sizeof *order);
  int count = 0;
  if (options.merged) return 0;
  for (int i = 0; i < reader_count; i += 1) {
    struct reader *reader = &readers[i];
    if (reader->received != sent[reader->node] || reader->received == 0) continue;
    if (order[reader->node] == 0) order[reader->node] = reader->order;
    if (order[reader->node] != reader->order) count += 1;
  }
  free(order);
  return count;
}

static void report(void) {
  double seconds = (double)(measured_until - measured_since) / 1e6;
  printf("{\"phase\":\"done\",\"readers\":%d,\"ready\":%d,\"open_ms\":%.1f,\"seconds\":%.3f,",
         reader_count, ready_count, (double)(opened - begun) / 1e3, seconds);
  printf("\"sent\":%llu,\"send_failures\":%llu,\"received\":%llu,\"per_second\":%.0f,",
         (unsigned long long)sent_total, (unsigned long long)send_failures,
         (unsigned long long)during, (double)during / seconds);
  printf("\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"timed\":%llu,",
         quantile_ms(&tally.latency, 0.5), quantile_ms(&tally.latency, 0.99),
         (double)tally.latency.max / 1e3, (unsigned long long)tally.latency.total);
  printf("\"behind\":%llu,\"drain_ms\":%.1f,\"lost\":%llu,\"duplicated\":%llu,\"disordered\":%d,",
         (unsigned long long)behind, (double)(ended - measured_until) / 1e3,
         (unsigned long long)missing(), (unsigned long long)tally.duplicated, disordered());
  printf("\"refused\":%llu,\"cut\":%llu,\"storm_ms\":%.1f,\"client_cpu\":%.3f}\n",
         (unsigned long long)tally.refused, (unsigned long long)tally.cut, storm_ms,
         own_cpu / seconds);
}

int run_stream(void) {
  struct epoll_event events[EVENTS];
  make_room_for(options.nodes * options.readers + options.senders);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  watch(timer, (void *)&timer_kind, EPOLLIN);
  make_readers();
  active = (uint32_t)(reader_count - (options.stalled < reader_count ? options.stalled : 0));
  if (options.rate == 0 && options.window > 0) on_arrival = held;
  begun = now_us();
  for (int i = 0; i < reader_count; i += 1) open_later(&readers[i]);
  open_more();
  int64_t looked = 0;
  while (phase != OVER) {
    int count = epoll_wait(poller, events, EVENTS, TICK_MS);
    for (int i = 0; i < count; i += 1) dispatch(&events[i]);
    int64_t now = now_us();
    if (storm == RAGING && ready_count == reader_count) {
      storm_ms = (double)(now - storm_since) / 1e3;
      storm = PAST;
    }
    if (now - looked >= TICK_MS * 1000) {
      looked = now;
      turn(now);
    }
    send_due(now);
  }
  report();
  return 0;
}
