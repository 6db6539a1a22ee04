import type { Stats } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { place, setQuery } from '../address.js'
import { counted } from '../parts/counts.js'
import { span } from '../parts/times.js'
import { client } from '../session.js'
import { Causes } from './Causes.js'
import { Groups } from './Groups.js'
import { OverTime } from './OverTime.js'
import { Timeline } from './Timeline.js'

const SPANS = [
  { since: '', name: 'all that is kept' },
  { since: '24h', name: 'the last 24 hours' },
  { since: '7d', name: 'the last 7 days' },
  { since: '30d', name: 'the last 30 days' },
] as const
const GROUPS = ['provider', 'region', 'gpu', 'model'] as const
/** How often what is shown is asked for again, in ms. */
const AGAIN = 30_000

/** What the launches that are over have come to. */
export function Picture() {
  const { query } = place.value
  const since = SPANS.find((one) => one.since === query.get('since'))?.since ?? ''
  const by = GROUPS.find((one) => one === query.get('by')) ?? 'provider'
  const stats = useSignal<Stats | undefined>(undefined)
  const fault = useSignal('')

  useEffect(() => {
    const away = new AbortController()
    const ask = async () => {
      try {
        const wish = { by: [by], last: 40, signal: away.signal, ...(since && { since }) }
        stats.value = await client.peek().getStats(wish)
        fault.value = ''
      } catch (error) {
        if (!away.signal.aborted) fault.value = (error as Error).message
      }
    }
    void ask()
    const timer = setInterval(() => document.hidden || void ask(), AGAIN)
    return () => {
      clearInterval(timer)
      away.abort()
    }
  }, [since, by, stats, fault])

  return (
    <>
      <div class="filters">
        <Choice
          label="Time"
          value={since}
          options={SPANS.map((o) => [o.since, o.name])}
          name="since"
        />
        <Choice
          label="Grouped by"
          value={by}
          options={GROUPS.map((name) => [name, name])}
          name="by"
        />
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {stats.value && <Drawn stats={stats.value} by={by} />}
    </>
  )
}

function Drawn({ stats, by }: { stats: Stats; by: (typeof GROUPS)[number] }) {
  const { total, groups, over_time, last } = stats
  if (total.launches === 0) return <p class="empty">No launch has ended in this time.</p>
  const rate = Math.round((100 * total.succeeded) / Math.max(1, total.succeeded + total.failed))
  return (
    <>
      <dl class="figures">
        <Figure name="launches" value={counted(total.launches)} />
        <Figure name="succeeded" value={`${rate} %`} />
        {total.time_to_active && (
          <>
            <Figure name="until active (median)" value={span(total.time_to_active.p50_ms)} />
            <Figure
              name="until active (95th percentile)"
              value={span(total.time_to_active.p95_ms)}
            />
          </>
        )}
      </dl>
      <OverTime {...over_time} />
      <div class="columns">
        <Timeline launches={last} />
        <Causes causes={total.causes} failed={total.failed} />
      </div>
      <Groups groups={groups} by={by} />
    </>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

interface ChoiceProps {
  label: string
  name: string
  value: string
  options: readonly (readonly [value: string, text: string])[]
}

function Choice({ label, name, value, options }: ChoiceProps) {
  return (
    <label>
      {label}{' '}
      <select
        value={value}
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
