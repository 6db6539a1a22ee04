import { useSignal } from '@preact/signals'
import { download, FORMATS } from './download.js'

export interface DownloadChoiceProps {
  nodeId: string
  onFault: (message: string) => void
}

/** Downloads the log in the chosen format. */
export function DownloadChoice({ nodeId, onFault }: DownloadChoiceProps) {
  const busy = useSignal(false)
  return (
    <select
      aria-label="Download the log"
      value=""
      disabled={busy.value}
      onChange={async ({ currentTarget }) => {
        const format = FORMATS.find(({ name }) => name === currentTarget.value)
        currentTarget.value = ''
        if (!format) return
        busy.value = true
        await download(nodeId, format).catch((error) => onFault((error as Error).message))
        busy.value = false
      }}
    >
      <option value="">{busy.value ? 'Downloading …' : 'Download'}</option>
      {FORMATS.map(({ name, title }) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  )
}
