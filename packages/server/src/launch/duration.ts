/** As a person writes it: `30m`, `1h30m`, `2.5s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${ms / 1000}s`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = Math.round((ms % 60_000) / 1000)
  return [hours && `${hours}h`, minutes && `${minutes}m`, seconds && `${seconds}s`]
    .filter(Boolean)
    .join('')
}
