// `integrations/grafana/launchtail.json`: a dashboard of the server's metrics for Grafana.

interface Panel {
  readonly title: string
  /** A query, and the legend of its series. */
  readonly shows: readonly (readonly [query: string, legend: string])[]
  readonly unit?: string
  readonly kind?: 'timeseries' | 'stat'
  readonly help?: string
}

const RATE = '[$__rate_interval]'
const quantile = (q: number, name: string, by = '') =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(${name}_bucket{instance=~"$instance"}${RATE})))`
const increase = (series: string) => `increase(${series}[$__range])`

/** The panels, in rows of four. */
const PANELS: readonly Panel[] = [
  {
    title: 'Launching now',
    kind: 'stat',
    shows: [
      [
        'sum(max without (worker) (launchtail_launching_nodes{instance=~"$instance"})) or vector(0)',
        'launching',
      ],
    ],
  },
  {
    title: 'Stalled and unhealthy',
    kind: 'stat',
    help: 'Launching nodes that are silent, and active ones whose servers do not answer.',
    shows: [
      ['sum(max without (worker) (launchtail_stalled_nodes{instance=~"$instance"}))', 'stalled'],
      [
        'sum(max without (worker) (launchtail_unhealthy_nodes{instance=~"$instance"}))',
        'unhealthy',
      ],
    ],
  },
  {
    title: 'Success rate',
    kind: 'stat',
    unit: 'percentunit',
    help: 'Of the launches that became active or failed in the time that is shown.',
    shows: [
      [
        `sum(${increase('launchtail_launches_ended_total{instance=~"$instance",outcome="succeeded"}')}) / sum(${increase('launchtail_launches_ended_total{instance=~"$instance",outcome=~"succeeded|failed"}')})`,
        'succeeded',
      ],
    ],
  },
  {
    title: 'Open streams',
    kind: 'stat',
    shows: [['sum(launchtail_streams{instance=~"$instance"})', 'streams']],
  },
  {
    title: 'Launching nodes by phase',
    shows: [
      [
        'sum by (phase) (max without (worker) (launchtail_launching_nodes{instance=~"$instance"}))',
        '{{phase}}',
      ],
    ],
  },
  {
    title: 'Launches that ended',
    shows: [
      [
        'sum by (outcome) (increase(launchtail_launches_ended_total{instance=~"$instance"}[1h]))',
        '{{outcome}}',
      ],
    ],
    help: 'In the hour before.',
  },
  {
    title: 'Why launches failed',
    shows: [
      [
        'sum by (cause) (increase(launchtail_launches_total{instance=~"$instance",outcome="failed"}[1h]))',
        '{{cause}}',
      ],
    ],
    help: 'In the hour before. The causes are explained in docs/phases.md.',
  },
  {
    title: 'Time to active',
    unit: 's',
    shows: [
      [quantile(0.5, 'launchtail_time_to_active_seconds', ', provider'), 'p50 {{provider}}'],
      [quantile(0.95, 'launchtail_time_to_active_seconds', ', provider'), 'p95 {{provider}}'],
    ],
  },
  {
    title: 'Time in each phase, p95',
    unit: 's',
    shows: [[quantile(0.95, 'launchtail_phase_duration_seconds', ', phase'), '{{phase}}']],
  },
  {
    title: 'From append to write',
    unit: 's',
    shows: [
      [quantile(0.5, 'launchtail_append_to_write_seconds'), 'p50'],
      [quantile(0.99, 'launchtail_append_to_write_seconds'), 'p99'],
    ],
  },
  {
    title: 'Entries',
    unit: 'cps',
    shows: [
      [`sum(rate(launchtail_entries_appended_total{instance=~"$instance"}${RATE}))`, 'appended'],
      [`sum(rate(launchtail_entries_left_out_total{instance=~"$instance"}${RATE}))`, 'left out'],
      [`sum(rate(launchtail_entries_skipped_total{instance=~"$instance"}${RATE}))`, 'skipped'],
      [`sum(rate(launchtail_redactions_total{instance=~"$instance"}${RATE}))`, 'redacted'],
    ],
  },
  {
    title: 'Streams resumed, cut, and told of a gap',
    unit: 'cps',
    shows: [
      [`sum(rate(launchtail_stream_resumes_total{instance=~"$instance"}${RATE}))`, 'resumed'],
      [
        `sum by (reason) (rate(launchtail_stream_cuts_total{instance=~"$instance"}${RATE}))`,
        'cut: {{reason}}',
      ],
      [
        `sum by (reason) (rate(launchtail_stream_gaps_total{instance=~"$instance"}${RATE}))`,
        'gap: {{reason}}',
      ],
    ],
  },
  {
    title: 'Refusals',
    unit: 'reqps',
    shows: [
      [
        `sum by (status, reason) (rate(launchtail_refusals_total{instance=~"$instance"}${RATE}))`,
        '{{status}} {{reason}}',
      ],
      [
        `sum by (limit) (rate(launchtail_limited_total{instance=~"$instance"}${RATE}))`,
        'limit of {{limit}}',
      ],
    ],
  },
  {
    title: 'Storage faults, launches run here',
    shows: [
      [
        `sum(increase(launchtail_storage_faults_total{instance=~"$instance"}${RATE}))`,
        'storage faults',
      ],
      ['sum by (instance) (launchtail_leases{instance=~"$instance"})', 'launches of {{instance}}'],
    ],
  },
  {
    title: 'OpenTelemetry records',
    unit: 'cps',
    shows: [
      [
        `sum by (result) (rate(launchtail_otlp_received_records_total{instance=~"$instance"}${RATE}))`,
        'received: {{result}}',
      ],
      [
        `sum by (signal, result) (rate(launchtail_otlp_sent_total{instance=~"$instance"}${RATE}))`,
        '{{signal}}: {{result}}',
      ],
    ],
  },
  {
    title: 'Memory',
    unit: 'bytes',
    shows: [
      ['process_resident_memory_bytes{instance=~"$instance",job="launchtail"}', '{{instance}}'],
    ],
  },
  {
    title: 'Event loop lag, p99',
    unit: 's',
    shows: [
      ['nodejs_eventloop_lag_p99_seconds{instance=~"$instance",job="launchtail"}', '{{instance}}'],
    ],
  },
  {
    title: 'Messages to webhooks',
    shows: [
      [
        `sum by (outcome) (increase(launchtail_webhook_attempts_total{instance=~"$instance"}${RATE}))`,
        '{{outcome}}',
      ],
    ],
  },
]

const WIDTH = 24
const PER_ROW = 4
const HEIGHT = { stat: 4, timeseries: 8 }

/** The dashboard as Grafana imports it. */
export function dashboard(): object {
  // Grafana fills it in.
  const datasource = { type: 'prometheus', uid: '$datasource' }
  return {
    title: 'Launchtail',
    uid: 'launchtail',
    tags: ['launchtail'],
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        {
          name: 'instance',
          label: 'Server',
          type: 'query',
          datasource,
          query: 'label_values(launchtail_streams, instance)',
          refresh: 2,
          includeAll: true,
          multi: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: PANELS.map((panel, n) => drawn(panel, n, datasource)),
  }
}

function drawn(
  { title, shows, unit = 'short', kind = 'timeseries', help }: Panel,
  n: number,
  datasource: object,
) {
  const w = WIDTH / PER_ROW
  const row = Math.floor(n / PER_ROW)
  const y = row === 0 ? 0 : HEIGHT.stat + (row - 1) * HEIGHT.timeseries
  return {
    id: n + 1,
    type: kind,
    title,
    ...(help && { description: help }),
    datasource,
    gridPos: { x: (n % PER_ROW) * w, y, w, h: HEIGHT[kind] },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: shows.map(([expr, legendFormat], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      expr,
      legendFormat,
    })),
  }
}
