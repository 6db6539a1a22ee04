import { useSignal } from '@preact/signals'
import { hrefOf } from '../address.js'
import { inert } from '../parts/inert.js'
import type { Asked } from './asked.js'
import { forget, named, recent, save } from './saved.js'
import { periodFormat } from './time-format.js'

/** Searches that were made in this browser. Each is a link, which can be sent to others too. */
export function SavedSearches({ asked }: { asked: Asked }) {
  const name = useSignal('')
  const isEmpty = Object.values(asked).every((value) => value === '')
  if (isEmpty && named.value.length + recent.value.length === 0) return null
  return (
    <details class="saved">
      <summary>Searches</summary>
      <div class="saved-lists">
        {!isEmpty && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (name.value.trim() === '') return
              save(name.value.trim(), asked)
              name.value = ''
            }}
          >
            <input
              aria-label="A name for this search"
              placeholder="name this search"
              maxLength={60}
              value={name.value}
              onInput={({ currentTarget }) => {
                name.value = currentTarget.value
              }}
            />
            <button type="submit">Save</button>
          </form>
        )}
        {named.value.length > 0 && <p class="hint">saved in this browser</p>}
        <ul aria-label="Saved searches">
          {named.value.map((one) => (
            <li key={one.name}>
              <a href={linkTo(one.asked)} title={wordsOf(one.asked)}>
                {inert(one.name)}
              </a>
              <button type="button" class="fold" onClick={() => forget(one.name)}>
                <span aria-hidden="true">×</span>
                <span class="hidden">Forget {inert(one.name)}</span>
              </button>
            </li>
          ))}
        </ul>
        {recent.value.length > 0 && <p class="hint">recent</p>}
        <ul aria-label="Recent searches">
          {recent.value.map((one) => (
            <li key={JSON.stringify(one)}>
              <a href={linkTo(one)}>{inert(wordsOf(one))}</a>
            </li>
          ))}
        </ul>
      </div>
    </details>
  )
}

function linkTo(asked: Asked): string {
  return hrefOf(['search'], { ...asked })
}

function wordsOf({ q, level, since, until, node }: Asked): string {
  const isPeriod = until === '' && !since.includes('T')
  const time = isPeriod ? since && `the last ${since}` : periodFormat(since, until)
  return [q, level, time, node].filter((part) => part !== '').join(' · ')
}
