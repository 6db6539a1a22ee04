import type { ExportFormat } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { FORMATS, save } from './download.js'

export interface DownloadChoiceProps {
  label: string
  /** The file's name without its extension. */
  name: string
  ask: (format: ExportFormat) => Promise<Response>
  onFault: (message: string) => void
}

/** Downloads a file in the chosen format. */
export function DownloadChoice({ label, name, ask, onFault }: DownloadChoiceProps) {
  const busy = useSignal(false)
  return (
    <select
      aria-label={label}
      value=""
      disabled={busy.value}
      onChange={async ({ currentTarget }) => {
        const format = FORMATS.find((one) => one.name === currentTarget.value)
        currentTarget.value = ''
        if (!format) return
        busy.value = true
        await save(ask(format.name), `${name}.${format.extension}`).catch((error) =>
          onFault((error as Error).message),
        )
        busy.value = false
      }}
    >
      <option value="">{busy.value ? 'Downloading …' : 'Download'}</option>
      {FORMATS.map(({ name: format, title }) => (
        <option key={format} value={format}>
          {title}
        </option>
      ))}
    </select>
  )
}
