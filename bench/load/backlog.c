/* From asking for a stream to its first and its last entry: one reader, or many at once. */
#include "load.h"

#include <stdio.h>
#include <sys/epoll.h>

enum { EVENTS = 64, LIMIT_US = 30000000 };

static int finished;
static struct histogram first, each, whole;

static void counted(struct reader *reader, uint32_t sequence) {
  (void)sequence;
  if (reader->received == 1) record(&first, now_us() - reader->since);
  if (reader->received != (uint64_t)options.expect) return;
  record(&each, now_us() - reader->since);
  finished += 1;
}

static int one_round(void) {
  struct epoll_event events[EVENTS];
  int64_t begun = now_us();
  finished = 0;
  for (int i = 0; i < reader_count; i += 1) {
    readers[i].received = 0;
    *readers[i].seen = (struct seen){0};
    open_later(&readers[i]);
  }
  open_more();
  while (finished < reader_count && now_us() - begun < LIMIT_US) {
    int count = epoll_wait(poller, events, EVENTS, 100);
    for (int i = 0; i < count; i += 1) reader_event(events[i].data.ptr, events[i].events);
  }
  record(&whole, now_us() - begun);
  for (int i = 0; i < reader_count; i += 1) cut(&readers[i]);
  return finished == reader_count;
}

int run_backlog(void) {
  int complete = 0;
  make_room_for(options.readers);
  on_arrival = counted;
  make_readers();
  for (int round = 0; round < options.rounds; round += 1) {
    if (!one_round()) break;
    complete += 1;
  }
  printf("{\"phase\":\"done\",\"rounds\":%d,\"p50\":%.3f,\"max\":%.3f,\"whole_p50\":%.3f,"
         "\"first_p50\":%.3f,\"refused\":%llu}\n",
         complete, quantile_ms(&each, 0.5), (double)each.max / 1e3, quantile_ms(&whole, 0.5),
         quantile_ms(&first, 0.5), (unsigned long long)tally.refused);
  return 0;
}
