import type { Stats, StatsGroup, StatsKey } from '@launchtail/client'
import { formatDuration, formatPrice } from '@launchtail/client/protocol'
import type { Formatter } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { capacityTable } from './capacity-table.js'
import { type Cells, tableOf } from './table-of.js'

export interface StatsTextOptions {
  by: readonly StatsKey[]
  /** Shows them over time, too. */
  hasSeries: boolean
  format: Pick<Formatter, 'dim'>
}

/** Statistics as tables, the most general first. */
export function statsText(
  { total, groups, series, capacity, today }: Stats,
  { by, hasSeries, format }: StatsTextOptions,
): string {
  if (total.launches === 0)
    return ['No launch has ended.', todayOf(today)].filter(Boolean).join('\n')
  const tables = [
    ...(by.length > 0 ? [groupsTable(groups, by)] : []),
    timesTable(total),
    causesTable(total),
    capacityTable(capacity),
    ...(hasSeries ? [seriesTable(series)] : []),
  ].filter(({ rows }) => rows.length > 0)
  const paragraphs = tables.map((table) => tableOf(table, format))
  const summary = [summaryOf(total), todayOf(today)].filter(Boolean).join('\n')
  return [summary, ...paragraphs].join('\n\n')
}

function summaryOf({ spot, ...total }: StatsGroup): string {
  return [outcomesOf(total), spotOf(spot), moneyOf(total)].filter(Boolean).join('\n')
}

function outcomesOf(total: Omit<StatsGroup, 'spot'>): string {
  const { launches, succeeded, failed, terminated, success_rate: rate } = total
  const share = rate === undefined ? '' : ` (${percent(rate)} of those not terminated)`
  return `${launches} ${launches === 1 ? 'launch' : 'launches'}: ${succeeded} succeeded${share}, ${failed} failed, ${terminated} terminated`
}

function spotOf(spot: StatsGroup['spot']): string {
  if (!spot) return ''
  const life = spot.median_life_ms
  const lived = life === undefined ? '' : `, half of them within ${time(life)} of becoming active`
  return `${spot.launches} on spot instances: ${spot.lost} lost${lived}`
}

/** Empty where nothing costs anything that is known. */
function todayOf({ spent, per_hour, by_midnight, budget }: Stats['today']): string {
  if (spent === 0 && by_midnight === 0 && budget === undefined) return ''
  const of = budget === undefined ? '' : ` of ${formatPrice(budget)}`
  const rate = `${formatPrice(per_hour)} an hour now, ${formatPrice(by_midnight)} by midnight`
  return `today (UTC): ${formatPrice(spent)}${of} spent, ${rate}`
}

function moneyOf({ spent, unpriced, launches }: Omit<StatsGroup, 'spot'>): string {
  if (spent === undefined) return 'no price known'
  const rest = unpriced === 0 ? '' : `, and no price known of ${unpriced} of ${launches}`
  return `${formatPrice(spent)} spent so far${rest}`
}

function groupsTable(groups: Stats['groups'], by: readonly StatsKey[]) {
  return {
    head: [
      ...[...by, 'launches', 'succeeded', 'failed', 'active after', '95 % within', 'spent'],
      'first cause',
    ],
    words: [...by.map((_, i) => i), by.length + 6],
    rows: groups.map((group): Cells => {
      const { launches, success_rate: rate, failed, time_to_active: active, causes } = group
      return [
        ...by.map((name) => nameOf(group, name)),
        ...[launches, rate === undefined ? '-' : percent(rate), failed],
        ...timesOf(active),
        spentText(group.spent),
        causes[0]?.code ?? '-',
      ]
    }),
  }
}

function nameOf(group: Stats['groups'][number], by: StatsKey): string {
  if (by === 'spot') return group.use_spot ? 'spot' : 'on demand'
  return oneLine(group[by] || '-')
}

function timesTable({ time_to_active: active, phases }: StatsGroup) {
  return {
    head: ['time', 'launches', 'median', '95 % within'],
    words: [0],
    rows: [
      ...(active ? [['until active', active.count, ...timesOf(active)]] : []),
      ...phases.map(({ phase, ...spread }) => [`  ${phase}`, spread.count, ...timesOf(spread)]),
    ],
  }
}

function causesTable({ causes }: StatsGroup) {
  return {
    head: ['cause', 'failed', 'share', 'newest example'],
    words: [0, 3],
    rows: causes.map(({ code, count, share, last_node_id }) => [
      ...[code, count, percent(share), last_node_id],
    ]),
  }
}

function seriesTable({ buckets }: Stats['series']) {
  return {
    head: ['from', 'succeeded', 'failed', 'terminated', 'active after', '95 % within', 'spent'],
    words: [0],
    rows: buckets.map(({ from, succeeded, failed, terminated, time_to_active, spent }) => [
      ...[from.replace(/:\d\d\.\d+Z$/, 'Z'), succeeded, failed, terminated],
      ...[...timesOf(time_to_active), spentText(spent)],
    ]),
  }
}

function timesOf(spread: StatsGroup['time_to_active']): [string, string] {
  return spread ? [time(spread.p50_ms), time(spread.p95_ms)] : ['-', '-']
}

function spentText(spent: number | undefined): string {
  return spent === undefined ? '-' : formatPrice(spent)
}

function time(ms: number): string {
  return formatDuration(ms, { parts: 2, decimals: 1 })
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
