import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { route, setQuery } from '../address.js'
import type { FleetNode } from '../hub/messages.js'
import { soughtBy } from '../log/finder.js'
import { language, loadLanguage } from '../log/language.js'
import { counted } from '../parts/counts.js'
import { Fault } from '../parts/Fault.js'
import { nameOf } from '../parts/node-facts.js'
import { type Asked, askedIn } from './asked.js'
import { Form } from './Form.js'
import { Histogram } from './Histogram.js'
import { HitRow } from './HitRow.js'
import { LiveSwitch } from './LiveSwitch.js'
import { createLive, type Shown } from './live.js'
import { createResults, type Results } from './results.js'
import { SavedSearches } from './SavedSearches.js'
import { note } from './saved.js'
import { timeFormat } from './time-format.js'

export interface SearchProps {
  nodes: ReadonlySignal<ReadonlyMap<string, FleetNode>>
}

/** What the address asks for, found in the logs of all nodes. */
export function Search({ nodes }: SearchProps) {
  const results = useMemo(createResults, [])
  const status = useSignal('')
  const live = useMemo(() => createLive({ onEntries: results.add, onFault }), [results])
  const isLive = useComputed(() => route.value.query.get('live') === '1')
  const key = useComputed(() => JSON.stringify(askedIn(route.value.query)))
  useSignalEffect(() => {
    // Another search begins with what there is, with and without what follows.
    isLive.value
    live.stop()
    const asked: Asked = JSON.parse(key.value)
    results.ask(asked)
    note(asked)
  })
  useSignalEffect(() => {
    const newest = results.newest.value
    if (newest && isLive.value && newest.asked.until === '') {
      live.follow(newest.asked, newest.lastEventId)
    }
  })
  useEffect(() => {
    // The words that were found are marked.
    loadLanguage()
    return () => {
      results.stop()
      live.stop()
    }
  }, [results, live])
  const asked = askedIn(route.value.query)
  const marks = soughtBy(asked.q, language.value, () => undefined).finder?.marks
  function onFault(error: Error): void {
    status.value = error.message
  }
  const name = (id: string) => {
    const node = nodes.value.get(id)
    return node ? nameOf(node) : id
  }
  return (
    <>
      <Form asked={asked} name={name} onFault={(text) => (status.value = text)} />
      <Fault text={status.value} />
      <Fault text={results.fault.value} />
      {results.counted.value && (
        <Histogram
          counts={results.counted.value}
          onChoose={(from, to) =>
            setQuery({
              since: new Date(from - 1).toISOString(),
              until: new Date(to - 1).toISOString(),
            })
          }
        />
      )}
      <div class="part found">
        <Found results={results} />
        <span class="space" />
        {asked.until === '' && <LiveSwitch live={live} isOn={isLive.value} />}
        <SavedSearches asked={asked} />
      </div>
      <ol class="hits" aria-label="Entries">
        {results.hits.value.map((hit) => (
          <HitRow key={keyOf(hit)} hit={hit} name={name(hit.node_id)} marks={marks} />
        ))}
      </ol>
      <More results={results} />
    </>
  )
}

/** How many there are, for everybody to read. */
function Found({ results }: { results: Results }) {
  const { counted: counts, hits, isBusy, cursor } = results
  const count = counts.value?.complete ? counts.value.count : undefined
  const isNone = hits.value.length === 0 && !isBusy.value && cursor.value === undefined
  const { count: more, isWhole } = results.since.value
  const since = more > 0 ? `, and ${counted(more)} since` : ''
  const text =
    count === undefined
      ? isBusy.value
        ? 'Searching …'
        : ''
      : `${counted(count)} ${count === 1 ? 'entry' : 'entries'}${since}`
  return (
    <span class="hint" role="status">
      {isNone && !count ? 'No entry was found.' : text}
      {!isWhole && ' Some that came during the pause are not shown.'}
    </span>
  )
}

function More({ results: { cursor, isBusy, searchedBackTo, more, hits } }: { results: Results }) {
  if (cursor.value === undefined) return null
  const reached = searchedBackTo.value
  return (
    <p class="part more">
      <button type="button" disabled={isBusy.value} onClick={more}>
        {reached === undefined ? 'More' : 'Search on'}
      </button>{' '}
      <span class="hint">
        {reached === undefined
          ? `the newest ${counted(hits.value.length)} are shown`
          : `searched back to ${timeFormat(Date.parse(reached))}`}
      </span>
    </p>
  )
}

const keys = new WeakMap<Shown, number>()
let nextKey = 0

/** Entries that come by the stream have nothing that names them. */
function keyOf(hit: Shown): number {
  const key = keys.get(hit) ?? nextKey++
  keys.set(hit, key)
  return key
}
