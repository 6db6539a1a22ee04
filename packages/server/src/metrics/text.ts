import type { Labels } from './counter.js'
import type { Observed } from './distribution.js'

/** One metric, with everything about it: the docs are made of it, too. */
export interface Described {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
}

export interface Sample {
  readonly labels: Labels
  readonly value: number | Observed
}

/**
 * A metric in Prometheus's text format. Our own few lines and not the library's, whose histograms take
 * in values one at a time: it is loaded when somebody asks for the first time, after most of them.
 */
export function metricText({ name, type, help }: Described, samples: readonly Sample[]): string {
  const lines = samples.flatMap((sample) => linesOf(name, sample))
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines].join('\n')
}

function linesOf(name: string, { labels, value }: Sample): string[] {
  if (typeof value === 'number') return [line(name, labels, value)]
  const { upTo, count, sum } = value
  return [
    ...upTo.map(([bound, below]) => line(`${name}_bucket`, { ...labels, le: `${bound}` }, below)),
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ]
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quoted(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function quoted(text: string): string {
  return escaped(text).replaceAll('"', '\\"')
}
