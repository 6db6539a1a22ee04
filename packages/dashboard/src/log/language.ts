import { signal } from '@preact/signals'

export type Language = typeof import('@launchtail/client/query')

/** The query language; undefined until somebody searches, because it is as large as half the page. */
export const language = signal<Language | undefined>(undefined)

let isLoading = false

/** Loads the language, unless it is loaded. It is tried again at the next call where that fails. */
export function loadLanguage(): void {
  if (isLoading || language.peek()) return
  isLoading = true
  import('@launchtail/client/query')
    .then(
      (loaded) => {
        language.value = loaded
      },
      // The next call tries again.
      () => {},
    )
    .finally(() => {
      isLoading = false
    })
}
