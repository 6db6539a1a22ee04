import { CopyButton } from '../parts/CopyButton.js'
import { baseUrl } from '../session.js'
import { curlOf } from './curl.js'
import type { LaunchCall } from './send.js'

const TITLE = 'The same request as a command'

/** The request of the form, for a shell. */
export function Command({ call }: { call: LaunchCall }) {
  const command = curlOf(call, baseUrl)
  return (
    <aside aria-label={TITLE}>
      <h2>
        {TITLE} <CopyButton text={() => command} title="Copy the command" />
      </h2>
      <pre>{command}</pre>
    </aside>
  )
}
