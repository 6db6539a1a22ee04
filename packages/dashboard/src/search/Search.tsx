import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { route, setQuery } from '../address.js'
import type { FleetNode } from '../hub/messages.js'
import { soughtBy } from '../log/finder.js'
import { language, loadLanguage } from '../log/language.js'
import { counted } from '../parts/counts.js'
import { Fault } from '../parts/Fault.js'
import { nameOf } from '../parts/node-facts.js'
import { askedIn } from './asked.js'
import { Form } from './Form.js'
import { Histogram } from './Histogram.js'
import { HitRow } from './HitRow.js'
import { createResults, type Results } from './results.js'
import { timeFormat } from './time-format.js'

export interface SearchProps {
  nodes: ReadonlySignal<ReadonlyMap<string, FleetNode>>
}

/** What the address asks for, found in the logs of all nodes. */
export function Search({ nodes }: SearchProps) {
  const results = useMemo(createResults, [])
  const status = useSignal('')
  const key = useComputed(() => JSON.stringify(askedIn(route.value.query)))
  useSignalEffect(() => {
    results.ask(JSON.parse(key.value))
  })
  useEffect(() => {
    // The words that were found are marked.
    loadLanguage()
    return results.stop
  }, [results])
  const asked = askedIn(route.value.query)
  const marks = soughtBy(asked.q, language.value, () => undefined).finder?.marks
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
      <Found results={results} />
      <ol class="hits" aria-label="Entries">
        {results.hits.value.map((hit) => (
          <HitRow
            key={`${hit.node_id} ${hit.cursor}`}
            hit={hit}
            name={name(hit.node_id)}
            marks={marks}
          />
        ))}
      </ol>
      <More results={results} />
    </>
  )
}

/** How many there are, for everybody to read. */
function Found({ results: { counted: counts, hits, isBusy, cursor } }: { results: Results }) {
  const count = counts.value?.complete ? counts.value.count : undefined
  const isNone = hits.value.length === 0 && !isBusy.value && cursor.value === undefined
  const text =
    count === undefined
      ? isBusy.value
        ? 'Searching …'
        : ''
      : `${counted(count)} ${count === 1 ? 'entry' : 'entries'}`
  return (
    <p class="part hint" role="status">
      {isNone && !count ? 'No entry was found.' : text}
    </p>
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
