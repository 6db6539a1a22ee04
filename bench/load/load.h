/*
 * One load client: it reads thousands of event streams, sends entries in, and measures, on one
 * core, cheaply enough not to be the limit. Everything is on the loopback and in one epoll loop,
 * so an entry's sending and its arrival are read off the same clock.
 *
 *   load stream    readers and senders at once: rates, latencies, losses, order
 *   load backlog   from opening a stream to the last entry of what is kept
 *   load request   plain HTTP requests, as many as are answered or so many a second
 *   load follow    readers that come again whenever they are cut, and a sender for each node that
 *                  sends each entry until it is taken: for tests of what befalls servers
 *   load balance   a TCP balancer for these
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

enum { ENTRY = 250 }; /* bytes of what is sent */

/* What an epoll event belongs to; the first field of each struct that is watched. */
enum kind { READER, SENDER, TIMER, COMMANDS };

struct options {
  int port;
  int other;           /* the port of every second reader and sender, where that is another one */
  const char *path;    /* of the stream or of the request; "%d" is the node */
  const char *headers; /* header lines for all requests, "\n" between them */
  const char *send;    /* the path entries are POSTed to, or with redis the key; "%d" is the node */
  int redis;           /* the port of the Redis that entries are appended to instead */
  int nodes, readers;  /* readers are per node, or with merged */
  int merged;          /* of all nodes: their events name the node, "n<number>", in their data */
  int senders;         /* connections that send, each with one entry on its way */
  double rate;         /* entries a second, timed from the intended instant (open loop), or */
  int window;          /* entries on their way at most (closed loop) */
  int count;           /* stop after so many entries; 0: by time */
  int first;           /* the number of each node's first entry */
  double warmup, seconds, drain;
  int stalled;         /* so many readers do not read what is sent until the measured time is over */
  double storm;        /* all readers are cut after so many seconds of it and come again */
  const char *servers; /* balance: the servers' ports, commas between them */
  int sendto;          /* follow: the port of all senders, where it is not that of the readers */
  int again;           /* follow: milliseconds until a reader comes again, at most */
  int expect, rounds;  /* backlog: entries to wait for, and how often */
  const char *body;    /* request: a file to POST; without one it is a GET */
};

extern struct options options;

/* net.c: sockets, and the clock in microseconds */
int64_t now_us(void);
int dial(int port);
void make_room_for(int sockets);
void watch(int fd, void *what, uint32_t events);
void rewatch(int fd, void *what, uint32_t events);
extern int poller;

/* histogram.c: times in µs, counted in steps of one or two per cent */
struct histogram {
  uint64_t total, max, counts[64 * 64];
};
void record(struct histogram *histogram, int64_t us);
double quantile_ms(const struct histogram *histogram, double q);

/* answer.c: one HTTP or Redis reply, piece by piece */
struct answer {
  char head[2048];
  size_t length;
  int64_t missing; /* bytes of the body; -1: still in the head, -2: chunked */
  int status;
};
void expect_answer(struct answer *answer);
int take_answer(struct answer *answer, const char *bytes, size_t length, int redis);

/* readers.c: the event streams */
struct reader {
  enum kind kind;
  int fd, node;
  enum { CLOSED, CONNECTING, HEAD, OPEN, STALLED } state;
  struct seen {
    uint32_t next; /* after the highest sequence number seen */
    uint64_t bits; /* which of the 64 below it have come */
  } *seen;         /* of its node; with merged, of each node */
  uint64_t order;    /* a hash of the order in which they came */
  uint64_t received; /* entries, each counted once */
  int64_t since;     /* when it was opened, or was done, or with follow is to be opened again */
  char *carry;       /* the beginning of a line whose end has not come */
  uint32_t carried, capacity;
  int pending;       /* an event whose blank line has not come, */
  uint32_t sequence; /* its number, */
  int64_t at;        /* and when it was to be sent */
  char id[64], last_id[64];
};

struct tally {
  uint64_t received, duplicated, refused, cut;
  uint64_t skipped; /* entries that came before one that is missing, or came after it */
  uint64_t told;    /* events that say that something is over or missing: done, end, gap */
  int64_t from, until; /* of what was sent in this time the latencies are recorded */
  struct histogram latency;
};
extern struct tally tally;
extern struct reader *readers;
extern int reader_count, ready_count;

void make_readers(void);
void open_later(struct reader *reader);
void open_more(void);
void cut(struct reader *reader);
/* Told of every reader that was cut, where somebody wants to know. */
extern void (*on_cut)(struct reader *reader);
int port_of(int number);
void reader_event(struct reader *reader, uint32_t events);
/* Told of every entry that arrives, once each. */
extern void (*on_arrival)(struct reader *reader, uint32_t sequence);

/* senders.c: entries on their way in */
struct sender {
  enum kind kind;
  int fd, busy;
  char *out;
  size_t length, written;
  struct answer answer;
};
extern uint32_t *sent; /* entries of each node so far */
extern uint64_t sent_total, acknowledged, send_failures;
void write_entry(char *entry, uint32_t sequence, int64_t intended);
void make_senders(void);
struct sender *idle_sender(void);
void send_entry(struct sender *sender, int64_t intended);
void sender_event(struct sender *sender, uint32_t events);

int run_stream(void);
int run_backlog(void);
int run_requests(void);
int run_follow(void);
int run_balance(void);

#endif
