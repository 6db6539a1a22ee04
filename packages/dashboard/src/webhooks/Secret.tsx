import { CopyButton } from '../parts/CopyButton.js'
import { inert } from '../parts/inert.js'

export interface Shown {
  readonly url: string
  /** Undefined where messages are not signed. */
  readonly secret: string | undefined
}

/** A secret that was just made. It is shown this once. */
export function Secret({ url, secret }: Shown) {
  if (secret === undefined) return null
  return (
    <section class="new-secret" aria-label="The new secret">
      <p role="status">
        The secret of the webhook to {inert(url)}. It is not shown again: copy it now.
      </p>
      <code>{secret}</code> <CopyButton text={() => secret} title="Copy the secret" />
    </section>
  )
}
