import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { setQuery } from '../address.js'
import { DownloadChoice } from '../log/DownloadChoice.js'
import { soughtBy } from '../log/finder.js'
import { language } from '../log/language.js'
import { QueryInput } from '../log/QueryInput.js'
import { inert } from '../parts/inert.js'
import { client } from '../session.js'
import { type Asked, conditionsOf } from './asked.js'
import { periodFormat } from './time-format.js'

export interface FormProps {
  asked: Asked
  /** The name of a node. */
  name: (nodeId: string) => string
  onFault: (message: string) => void
}

/** What is looked for. The address keeps it, so that a search can be saved and shared. */
export function Form({ asked, name, onFault }: FormProps) {
  const text = useSignal(asked.q)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    text.value = asked.q
  }, [asked.q, text])
  useSlash(field)
  const { fault } = soughtBy(text.value, language.value, () => undefined)
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> takes no onSubmit
    <form
      class="filters"
      role="search"
      aria-label="All logs"
      onSubmit={(event) => {
        event.preventDefault()
        if (!fault) setQuery({ q: text.value.trim() })
      }}
    >
      <span class="search">
        <QueryInput
          text={text.value}
          fault={fault}
          label="Search in all logs"
          placeholder={'level:error "out of memory"   /'}
          field={field}
          columns={72}
          onInput={(typed) => {
            text.value = typed
          }}
          onKeyDown={({ key }) => {
            if (key === 'Escape') field.current?.blur()
          }}
        />
        <button class="primary" type="submit">
          Search
        </button>
      </span>
      <LevelChoice level={asked.level} />
      <TimeChoice since={asked.since} until={asked.until} />
      {asked.node && (
        <button type="button" onClick={() => setQuery({ node: '' })}>
          {inert(name(asked.node))} <span aria-hidden="true">×</span>
          <span class="hidden">: search all nodes</span>
        </button>
      )}
      <span class="space" />
      <DownloadChoice
        label="Download all that is found"
        name={`launchtail-${new Date().toISOString().slice(0, 10)}`}
        ask={(format) => client.peek().exportLogs({ ...conditionsOf(asked), format })}
        onFault={onFault}
      />
    </form>
  )
}

function LevelChoice({ level }: { level: string }) {
  return (
    <label>
      <span class="hidden">Level</span>
      <select
        value={level}
        onChange={({ currentTarget }) => setQuery({ level: currentTarget.value })}
      >
        <option value="">all levels</option>
        <option value="info">info and above</option>
        <option value="warn">warnings and errors</option>
        <option value="error">errors</option>
      </select>
    </label>
  )
}

const PERIODS = [
  ['', 'any time'],
  ['1h', 'the last hour'],
  ['24h', 'the last 24 hours'],
  ['7d', 'the last 7 days'],
] as const

/** A period up to now, or that of a bar which was chosen. */
function TimeChoice({ since, until }: Pick<Asked, 'since' | 'until'>) {
  if (until !== '' || !PERIODS.some(([period]) => period === since)) {
    return (
      <button type="button" onClick={() => setQuery({ since: '', until: '' })}>
        {inert(periodFormat(since, until))} <span aria-hidden="true">×</span>
        <span class="hidden">: search any time</span>
      </button>
    )
  }
  return (
    <label>
      <span class="hidden">Time</span>
      <select
        value={since}
        onChange={({ currentTarget }) => setQuery({ since: currentTarget.value })}
      >
        {PERIODS.map(([period, title]) => (
          <option key={period} value={period}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
}

/** `/` leads to the field, as on a node's page. */
function useSlash(field: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = (event.target as Element).closest('input, select, textarea, [role=dialog]')
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [field])
}
