import { CopyButton } from '../parts/CopyButton.js'
import { inert } from '../parts/inert.js'

export interface Shown {
  readonly url: string
  /** Undefined where messages are not signed. */
  readonly secret: string | undefined
}

/** A new secret, which is shown only once. */
export function Secret({ url, secret }: Shown) {
  if (secret === undefined) return null
  return (
    <section class="new-secret" aria-label="The new secret">
      <p role="status">
        This is the secret of the webhook to {inert(url)}. Copy it now, because it is not shown
        again.
      </p>
      <code>{secret}</code> <CopyButton text={() => secret} title="Copy the secret" />
    </section>
  )
}
