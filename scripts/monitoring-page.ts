// `docs/monitoring.md`: the metrics, from the table that the server serves them from.
import { METRICS } from '../packages/server/src/metrics/metrics.js'
import { code, table } from './markdown.js'

export function monitoringPage(): string {
  return `# Monitoring

<!-- Made from packages/server/src/metrics/metrics.ts by \`npm run docs\`; do not edit. -->

The server answers \`/healthz\` (the process lives), \`/readyz\` (it can serve: its storage answers; otherwise 503
with the reason) and \`/metrics\`, in Prometheus's text format. \`/metrics\` is open where \`HOST\` is loopback and the
request came through no proxy; elsewhere it needs a token that may read, in \`X-Admin-Token\` or as \`Authorization: Bearer\`.

\`\`\`sh
curl -s http://127.0.0.1:8080/metrics | grep ^launchtail_
\`\`\`

## Prometheus and Grafana

- [integrations/prometheus/prometheus.yml](../integrations/prometheus/prometheus.yml) scrapes a server and loads the
  alerts.
- [integrations/prometheus/alerts.yml](../integrations/prometheus/alerts.yml) has the alerts, and \`alerts.test.yml\`
  beside it their tests: \`promtool test rules alerts.test.yml\`.
- [integrations/grafana/launchtail.json](../integrations/grafana/launchtail.json) is a dashboard. In Grafana choose
  *Dashboards, New, Import* and paste it; it asks for the data source.

\`npm test\` checks all of them with promtool against the metrics that a running server shows.

## The metrics

Durations are in seconds, sizes in bytes. No label holds an id, a name, a model or an address, so the number of
series does not grow with the number of nodes. The value of \`provider\` is \`other\` where it does not look like
a provider's name, and \`cause\` is one of the codes in [phases.md](phases.md), or \`none\`. Counters count from the start of
the process. Add the servers up, except for \`launchtail_nodes\`, \`launchtail_launching_nodes\`,
\`launchtail_stalled_nodes\` and \`launchtail_unhealthy_nodes\`, which each server reads from its own records.

With \`--workers\`, \`/metrics\` has the series of all workers, each with a label \`worker\`, whichever worker is asked
([operations.md](operations.md)).

${table(
  ['Metric', 'Type', 'What it is'],
  METRICS.map(({ name, type, help }) => [code(name), type, help]),
)}

Besides these there are the usual ones of the process: \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`, \`process_open_fds\`, \`nodejs_eventloop_lag_p99_seconds\`,
\`nodejs_heap_size_used_bytes\`, \`nodejs_gc_duration_seconds\` and their like. They begin with the first request
for the metrics.

\`launchtail_stream_cuts_total\` has these reasons: \`rotated\` (the stream's time was over; clients reconnect),
\`stalled\` (the reader took nothing for 30 s), \`vanished\` (its machine does not answer), \`storage_lost\` (the storage
was away for longer than \`LAUNCHTAIL_STORAGE_GRACE\`), \`stopping\` (the server was stopped) and \`fault\` (a fault of the
server's own, which its log explains). Only \`stalled\`, \`storage_lost\` and \`fault\` deserve a look.
`
}
