import { route, setQuery } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { Capacity } from './Capacity.js'
import { Causes } from './Causes.js'
import { Choice } from './Choice.js'
import { Figures } from './Figures.js'
import { Groups } from './Groups.js'
import { OverTime } from './OverTime.js'
import { type StatsResult, useStats } from './stats.js'
import { Timeline } from './Timeline.js'
import { Which } from './Which.js'

const PERIODS = [
  { since: '', name: 'everything kept' },
  { since: '24h', name: 'the last 24 hours' },
  { since: '7d', name: 'the last 7 days' },
  { since: '30d', name: 'the last 30 days' },
] as const
const GROUPINGS = ['provider', 'region', 'gpu', 'model', 'spot', 'owner'] as const

/** How the launches that are over ended, in the period and by the grouping of the address. */
export function Statistics() {
  const { query } = route.value
  const since = PERIODS.find((one) => one.since === query.get('since'))?.since ?? ''
  const by = GROUPINGS.find((one) => one === query.get('by')) ?? 'provider'
  const q = query.get('q') ?? ''
  const { stats, fault } = useStats({ since, by, q })
  return (
    <>
      <div class="filters">
        <Choice
          label="Period"
          value={since}
          options={PERIODS.map((period) => [period.since, period.name])}
          onChange={(value) => setQuery({ since: value })}
        />
        <Choice
          label="Grouped by"
          value={by}
          options={GROUPINGS.map((name) => [name, name])}
          onChange={(value) => setQuery({ by: value })}
        />
        <Which q={q} onChange={(value) => setQuery({ q: value })} />
      </div>
      <Fault text={fault} />
      {stats && <Result stats={stats} by={by} />}
    </>
  )
}

interface ResultProps {
  stats: NonNullable<StatsResult['stats']>
  by: (typeof GROUPINGS)[number]
}

function Result({ stats: { total, groups, series, capacity, last, today }, by }: ResultProps) {
  if (total.launches === 0) return <p class="empty">No launch ended in this period.</p>
  return (
    <>
      <Figures total={total} today={today} />
      <OverTime {...series} />
      <div class="columns">
        <Timeline launches={last} />
        <Causes causes={total.causes} />
      </div>
      <Capacity places={capacity} />
      <Groups groups={groups} by={by} />
    </>
  )
}
