import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Fault } from '../parts/Fault.js'
import type { SearchProps } from './Search.js'

/** Searches the logs of all nodes. Its code is loaded when it is first needed. */
export function SearchPage(props: SearchProps) {
  const loaded = useSignal<ComponentType<SearchProps> | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = 'Search – Launchtail'
    import('./Search.js').then(
      ({ Search }) => {
        loaded.value = Search
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [loaded, fault])
  const Search = loaded.value
  return (
    <article class="search-page">
      <h1 class="hidden">Search</h1>
      <Fault text={fault.value} />
      {Search && <Search {...props} />}
    </article>
  )
}
