/* Reads the options and runs what was asked for. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options = {
    .path = "/", .headers = "", .nodes = 1, .drain = 5, .seconds = 1, .rounds = 1};

/* "A: b\nC: d" as header lines. */
static const char *header_lines(const char *text) {
  char *lines = calloc(1, strlen(text) * 2 + 3);
  size_t length = 0;
  if (!*text) return lines;
  for (; *text; text += 1) {
    if (*text == '\n') lines[length++] = '\r';
    lines[length++] = *text;
  }
  memcpy(lines + length, "\r\n", 2);
  return lines;
}

static void set(const char *name, const char *value) {
  const struct {
    const char *name;
    int *number;
    double *real;
    const char **text;
  } known[] = {
      {"--port", &options.port, 0, 0},       {"--path", 0, 0, &options.path},
      {"--headers", 0, 0, &options.headers}, {"--send", 0, 0, &options.send},
      {"--redis", &options.redis, 0, 0},     {"--nodes", &options.nodes, 0, 0},
      {"--readers", &options.readers, 0, 0}, {"--senders", &options.senders, 0, 0},
      {"--rate", 0, &options.rate, 0},       {"--window", &options.window, 0, 0},
      {"--count", &options.count, 0, 0},     {"--first", &options.first, 0, 0},
      {"--warmup", 0, &options.warmup, 0},   {"--seconds", 0, &options.seconds, 0},
      {"--drain", 0, &options.drain, 0},     {"--stalled", &options.stalled, 0, 0},
      {"--storm", 0, &options.storm, 0},     {"--expect", &options.expect, 0, 0},
      {"--merged", &options.merged, 0, 0},
      {"--other", &options.other, 0, 0},     {"--again", &options.again, 0, 0},
      {"--servers", 0, 0, &options.servers}, {"--sendto", &options.sendto, 0, 0},
      {"--rounds", &options.rounds, 0, 0},   {"--body", 0, 0, &options.body},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i += 1) {
    if (strcmp(name, known[i].name) != 0) continue;
    if (known[i].number) *known[i].number = atoi(value);
    else if (known[i].real) *known[i].real = atof(value);
    else *known[i].text = value;
    return;
  }
  fprintf(stderr, "load: unknown option %s\n", name);
  exit(2);
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "";
  for (int i = 2; i + 1 < count; i += 2) set(words[i], words[i + 1]);
  options.headers = header_lines(options.headers);
  if (strcmp(mode, "stream") == 0) return run_stream();
  if (strcmp(mode, "backlog") == 0) return run_backlog();
  if (strcmp(mode, "request") == 0) return run_requests();
  if (strcmp(mode, "follow") == 0) return run_follow();
  if (strcmp(mode, "balance") == 0) return run_balance();
  fprintf(stderr, "usage: load stream|backlog|request|follow|balance --port <port> ...; see load.h\n");
  return 2;
}
