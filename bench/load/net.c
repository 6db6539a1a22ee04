/* Sockets of the loopback, the poller, and the clock. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

int poller = -1;

int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* A socket that is connecting, or was at once. */
int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    fprintf(stderr, "load: no more sockets: %s (see ulimit -n)\n", strerror(errno));
    exit(1);
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
    fprintf(stderr, "load: cannot connect to port %d: %s\n", port, strerror(errno));
    exit(1);
  }
  return fd;
}

/* Raises the limit of open files as far as this process may. */
void make_room_for(int sockets) {
  struct rlimit limit;
  rlim_t wanted = (rlim_t)sockets + 64;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  if (limit.rlim_max < wanted) limit.rlim_max = wanted; /* root may */
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  fprintf(stderr, "load: %d sockets are more than this process may open (see ulimit -Hn)\n",
          sockets);
  exit(1);
}

static void control(int operation, int fd, void *what, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = what};
  if (poller < 0) poller = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ctl(poller, operation, fd, &event) != 0) {
    perror("load: epoll_ctl");
    exit(1);
  }
}

void watch(int fd, void *what, uint32_t events) { control(EPOLL_CTL_ADD, fd, what, events); }
void rewatch(int fd, void *what, uint32_t events) { control(EPOLL_CTL_MOD, fd, what, events); }
