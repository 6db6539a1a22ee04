/*
 * A plain TCP balancer: each connection goes to the next server whose /readyz says 200. In C, because
 * thousands of readers behind one in Node would wait for the balancer and not for the servers.
 *
 * It says which port it listens on. Told "cut" on its standard input it cuts all connections, and told
 * "given" it says how many each server was given in each second of the clock.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SERVERS = 16, SECONDS = 4096, EVENTS = 256, TICK_MS = 20, ACCEPTED_AT_ONCE = 64 };
enum { LOOK_EVERY_US = 100000, LOOK_PATIENCE_US = 1000000, BYTES = 256 * 1024, BACKLOG = 4096 };

enum role { LISTENER, ORDERS, LOOK, END };

struct server {
  enum role role; /* of a look at whether it is ready */
  int port, fd, is_ready, is_asked;
  int64_t since;
  unsigned given[SECONDS];
};

struct end {
  enum role role;
  struct pair *pair;
  struct end *peer;
  int fd, is_ended; /* nothing more comes from it */
  char *out;        /* what it did not take yet */
  size_t length, written;
};

struct pair {
  struct end client, upstream;
  int server, tries, is_open, is_dead;
  struct pair *before, *after;
};

static struct server servers[MOST_SERVERS];
static int server_count, listener, next_server;
static struct pair *pairs, *dead;
static time_t first_second;
static const enum role listens = LISTENER, orders = ORDERS;

static int try_dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

/* Freed when all events of this turn are dealt with: some may be of this pair. */
static void close_pair(struct pair *pair) {
  if (pair->is_dead) return;
  pair->is_dead = 1;
  close(pair->client.fd);
  if (pair->upstream.fd >= 0) close(pair->upstream.fd);
  if (pair->before) pair->before->after = pair->after;
  else pairs = pair->after;
  if (pair->after) pair->after->before = pair->before;
  pair->after = dead;
  dead = pair;
}

static void free_dead(void) {
  while (dead) {
    struct pair *pair = dead;
    dead = pair->after;
    free(pair->client.out);
    free(pair->upstream.out);
    free(pair);
  }
}

static int choose(void) {
  for (int i = 0; i < server_count; i += 1) {
    int at = (next_server + i) % server_count;
    if (!servers[at].is_ready) continue;
    next_server = at + 1;
    return at;
  }
  return next_server++ % server_count;
}

static void connect_pair(struct pair *pair) {
  for (; pair->tries < server_count; pair->tries += 1) {
    pair->server = choose();
    pair->upstream.fd = try_dial(servers[pair->server].port);
    if (pair->upstream.fd < 0) continue;
    watch(pair->upstream.fd, &pair->upstream, EPOLLOUT);
    return;
  }
  close_pair(pair);
}

static void accept_some(void) {
  for (int i = 0, on = 1; i < ACCEPTED_AT_ONCE; i += 1) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct pair *pair = calloc(1, sizeof *pair);
    pair->client = (struct end){.role = END, .pair = pair, .peer = &pair->upstream, .fd = fd};
    pair->upstream = (struct end){.role = END, .pair = pair, .peer = &pair->client, .fd = -1};
    pair->after = pairs;
    if (pairs) pairs->before = pair;
    pairs = pair;
    connect_pair(pair);
  }
}

static void open_pair(struct pair *pair) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(pair->upstream.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    close(pair->upstream.fd);
    pair->upstream.fd = -1;
    pair->tries += 1;
    connect_pair(pair);
    return;
  }
  pair->is_open = 1;
  time_t second = time(NULL) - first_second;
  if (second >= 0 && second < SECONDS) servers[pair->server].given[second] += 1;
  rewatch(pair->upstream.fd, &pair->upstream, EPOLLIN);
  watch(pair->client.fd, &pair->client, EPOLLIN);
}

static void set_events(struct end *end) {
  int reads = !end->is_ended && end->peer->length == end->peer->written;
  int writes = end->length > end->written;
  rewatch(end->fd, end, (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u));
}

/* Once it has taken all, it is told that no more comes. */
static void end_if_done(struct end *end) {
  if (end->length > end->written || !end->peer->is_ended) return;
  shutdown(end->fd, SHUT_WR);
  if (end->is_ended) close_pair(end->pair);
}

static void write_more(struct end *end) {
  ssize_t done = send(end->fd, end->out + end->written, end->length - end->written, MSG_NOSIGNAL);
  if (done < 0 && errno != EAGAIN) return close_pair(end->pair);
  if (done > 0) end->written += (size_t)done;
  if (end->written == end->length) end->written = end->length = 0;
  end_if_done(end);
  if (end->pair->is_dead) return;
  set_events(end);
  set_events(end->peer);
}

static void read_some(struct end *end) {
  static char bytes[BYTES];
  struct end *peer = end->peer;
  ssize_t got = recv(end->fd, bytes, BYTES, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got < 0) return close_pair(end->pair);
  if (got == 0) {
    end->is_ended = 1;
    end_if_done(peer);
    if (!end->pair->is_dead) set_events(end);
    return;
  }
  ssize_t done = send(peer->fd, bytes, (size_t)got, MSG_NOSIGNAL);
  if (done < 0 && errno != EAGAIN) return close_pair(end->pair);
  if (done < 0) done = 0;
  if (done == got) return;
  peer->length = (size_t)(got - done);
  peer->written = 0;
  peer->out = realloc(peer->out, peer->length);
  memcpy(peer->out, bytes + done, peer->length);
  set_events(peer);
  set_events(end);
}

static void end_event(struct end *end, uint32_t events) {
  struct pair *pair = end->pair;
  if (pair->is_dead) return;
  if (!pair->is_open) return open_pair(pair);
  if (events & EPOLLOUT && end->length > end->written) write_more(end);
  if (pair->is_dead) return;
  if (events & EPOLLERR || (events & EPOLLHUP && end->is_ended)) return close_pair(pair);
  if (events & (EPOLLIN | EPOLLHUP) && end->peer->length == end->peer->written) read_some(end);
}

static void looked(struct server *server, int is_ready) {
  if (server->fd >= 0) close(server->fd);
  server->fd = -1;
  server->is_ready = is_ready;
  server->since = now_us();
}

static void look_event(struct server *server, uint32_t events) {
  static const char question[] = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  char answer[64];
  if (server->fd < 0) return;
  if (!server->is_asked) {
    server->is_asked = 1;
    if (send(server->fd, question, sizeof question - 1, MSG_NOSIGNAL) < 0) return looked(server, 0);
    return rewatch(server->fd, server, EPOLLIN);
  }
  ssize_t got = recv(server->fd, answer, sizeof answer, 0);
  (void)events;
  looked(server, got > 12 && memcmp(answer + 9, "200", 3) == 0);
}

static void look(int64_t now) {
  for (int i = 0; i < server_count; i += 1) {
    struct server *server = &servers[i];
    if (server->fd >= 0) {
      if (now - server->since > LOOK_PATIENCE_US) looked(server, 0);
    } else if (now - server->since >= LOOK_EVERY_US) {
      server->fd = try_dial(server->port);
      server->is_asked = 0;
      server->since = now;
      if (server->fd < 0) server->is_ready = 0;
      else watch(server->fd, server, EPOLLOUT);
    }
  }
}

static void tell_given(void) {
  const char *between = "";
  printf("{\"phase\":\"given\",\"given\":[");
  for (int i = 0; i < server_count; i += 1) {
    for (int second = 0; second < SECONDS; second += 1) {
      if (servers[i].given[second] == 0) continue;
      printf("%s[%d,%lld,%u]", between, servers[i].port, (long long)(first_second + second),
             servers[i].given[second]);
      between = ",";
    }
  }
  printf("]}\n");
  fflush(stdout);
}

static void obey(void) {
  char text[256];
  ssize_t got = read(STDIN_FILENO, text, sizeof text - 1);
  if (got <= 0) exit(0);
  text[got] = '\0';
  if (strstr(text, "cut")) while (pairs) close_pair(pairs);
  if (strstr(text, "given")) tell_given();
}

static void listen_there(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, BACKLOG) != 0) {
    perror("load: cannot listen");
    exit(1);
  }
  getsockname(listener, (struct sockaddr *)&address, &size);
  watch(listener, (void *)&listens, EPOLLIN);
  printf("{\"phase\":\"listening\",\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
}

int run_balance(void) {
  struct epoll_event events[EVENTS];
  for (const char *text = options.servers; text && *text && server_count < MOST_SERVERS;) {
    servers[server_count++] = (struct server){.role = LOOK, .port = atoi(text), .fd = -1, .is_ready = 1};
    text = strchr(text, ',');
    if (text) text += 1;
  }
  if (server_count == 0) {
    fprintf(stderr, "load: balance needs --servers <port>,<port>\n");
    return 2;
  }
  make_room_for(2 * options.readers + 64);
  first_second = time(NULL);
  listen_there();
  watch(STDIN_FILENO, (void *)&orders, EPOLLIN);
  for (;;) {
    look(now_us());
    int count = epoll_wait(poller, events, EVENTS, TICK_MS);
    for (int i = 0; i < count; i += 1) {
      void *what = events[i].data.ptr;
      switch (*(enum role *)what) {
        case LISTENER: accept_some(); break;
        case ORDERS: obey(); break;
        case LOOK: look_event(what, events[i].events); break;
        case END: end_event(what, events[i].events); break;
      }
    }
    free_dead();
  }
}
